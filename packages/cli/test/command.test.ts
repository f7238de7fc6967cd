import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { describe, test } from 'node:test'
import { runCommand } from '../src/command.ts'
import { canListProcesses, demoChildren, isAlive, startConnpool } from './child-processes.ts'

async function run(...args: string[]): Promise<{ status: number; stdout: string; stderr: string }> {
  let stdout = ''
  let stderr = ''
  const status = await runCommand(args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
    env: {},
    signal: new AbortController().signal,
  })
  return { status, stdout, stderr }
}

const LONG_RUN = ['demo', '--connections', '5', '--duration', '60', '--max', '2']

test('help and version are answered on stdout', async () => {
  assert.match((await run('--help')).stdout, /^connpool: .*connpool demo/s)
  assert.match((await run('demo', '--help')).stdout, /--connections N/)
  assert.match((await run('--version')).stdout, /^\d+\.\d+\.\d+\n$/)
  for (const args of [['--help'], ['-h'], ['--version'], ['demo', '--help']]) {
    const { status, stderr } = await run(...args)
    assert.equal(status, 0)
    assert.equal(stderr, '')
  }
})

test('a wrong command line is one sentence and status 2, before anything runs', async () => {
  for (const args of [
    [],
    ['dance'],
    ['demo', '--max', 'x'],
    ['demo', '--what'],
    ['demo', '--json', tmpdir()],
  ]) {
    const { status, stdout, stderr } = await run(...args)
    assert.equal(status, 2, args.join(' '))
    assert.equal(stdout, '')
    assert.match(stderr, /^connpool: [^\n]+\.\n$/)
  }
})

describe('no process is left behind', { skip: canListProcesses ? false : 'needs Linux' }, () => {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    test(`after ${signal}, which ends the run with status ${status}`, async () => {
      const { pid, signalGroup, stderrHas, ended } = startConnpool(LONG_RUN)
      await stderrHas('new: measuring')
      const children = demoChildren(pid)
      assert.deepEqual([...children.keys()].sort(), ['api', 'gateway', 'load'])
      signalGroup(signal)
      const end = await ended
      assert.equal(end.status, status)
      assert.equal(end.stdout, '')
      for (const [role, childPid] of children) assert.equal(isAlive(childPid), false, role)
    })
  }

  test('when the command itself is killed', async () => {
    const { pid, stderrHas, ended } = startConnpool(LONG_RUN)
    await stderrHas('new: measuring')
    const children = demoChildren(pid)
    assert.equal(children.size, 3)
    process.kill(pid, 'SIGKILL')
    assert.equal((await ended).signal, 'SIGKILL')
  })

  test('when a child dies, which is one sentence and status 1', async () => {
    const { pid, stderrHas, ended } = startConnpool(LONG_RUN)
    await stderrHas('new: measuring')
    const children = demoChildren(pid)
    process.kill(children.get('gateway') ?? 0, 'SIGKILL')
    const { status, stderr } = await ended
    assert.equal(status, 1)
    assert.match(stderr, /^connpool: The gateway process ended too early \(SIGKILL\)\.$/m)
    for (const [role, childPid] of children) assert.equal(isAlive(childPid), false, role)
  })
})
