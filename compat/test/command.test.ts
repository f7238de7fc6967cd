import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const timeout = 20_000
const main = fileURLToPath(new URL('../faults/main.ts', import.meta.url))

function run(...words: readonly string[]) {
  const node = ['--import', import.meta.resolve('tsx'), main, ...words]
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, node, { encoding: 'utf8', env })
  return { status, stdout, stderr }
}

test('--help names all servers and faults', { timeout }, () => {
  const { status, stdout } = run('--help')
  assert.equal(status, 0)
  assert.match(stdout, /redis, postgres, plain\n.*kill, freeze, restart, refuse, swallow/)
})

test('a name that means nothing, and a page of half a run, are refused', { timeout }, () => {
  assert.deepEqual(run('--only', 'redis,flood'), {
    status: 1,
    stdout: '',
    stderr: 'faults: --only: there is no flood; try --help\n',
  })
  assert.equal(run('--write', '--only', 'kill').stderr, 'faults: --write goes without --only\n')
})
