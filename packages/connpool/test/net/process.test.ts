import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { BlackHole, RudeServer } from '../../src/testing/index.ts'

const timeout = 20_000
const onLinux = process.platform === 'linux' ? false : 'needs Linux'

test('a process with idle connections ends by itself', { timeout }, async () => {
  await using server = await RudeServer.start()
  assert.deepEqual(await play('idle', server.port), ['idle', 'exit 0'])
})

test('a process whose pool keeps min connections ends by itself', { timeout }, async () => {
  await using server = await RudeServer.start()
  assert.deepEqual(await play('min', server.port), ['ready', 'exit 0'])
})

test('a dial that nobody waits for holds the process no longer than createTimeoutMs', {
  timeout,
  skip: onLinux,
}, async () => {
  await using hole = await BlackHole.start()
  const { port } = hole
  assert.deepEqual(await play('abandoned', port), ['aborted', 'connecting 1', 'exit 0'])
})

test('a process with a handshake that nobody waits for ends by itself', { timeout }, async () => {
  await using server = await RudeServer.start()
  assert.deepEqual(await play('shaking', server.port), [
    'shaking',
    'ERR_ACQUIRE_TIMEOUT',
    'connecting 1',
    'exit 0',
  ])
})

test('somebody who waits for a dial keeps the process', { timeout, skip: onLinux }, async () => {
  await using hole = await BlackHole.start()
  const { port } = hole
  assert.deepEqual(await play('awaited', port), ['waiting', 'ERR_ACQUIRE_TIMEOUT', 'exit 0'])
})

for (const [scene, which] of [
  ['lent', 'new'],
  ['relent', 'formerly idle'],
  ['wrapped', 'handshake’s'],
] as const) {
  test(`a lent connection keeps the process until its peer ends it: a ${which} one`, {
    timeout,
  }, async () => {
    await using server = await RudeServer.start()
    // Ended only once the child says that it has it, and had the time to end.
    const lines = await play(scene, server.port, (line) => {
      if (line === 'lent') setTimeout(() => server.connection.end(), 100)
    })
    assert.deepEqual(lines, ['lent', 'end', 'exit 0'])
  })
}

for (const [scene, what] of [
  ['files', 'dial'],
  ['filesByName', 'resolve a name'],
] as const) {
  test(`a process without a file descriptor to ${what} blames itself, and recovers`, {
    timeout,
    skip: onLinux,
  }, async () => {
    await using server = await RudeServer.start()
    const through = ['sh', '-c', 'ulimit -n 64; exec "$@"', 'sh']
    const lines = await play(scene, server.port, () => {}, through)
    const expected = ['ERR_ACQUIRE_TIMEOUT EMFILE', 'local true', 'connected 1', 'exit 0']
    assert.deepEqual(lines, expected)
  })
}

/** Runs a scene in a process of its own, to its end, `through` another command; answers its lines. */
async function play(
  scene: string,
  port: number,
  heard = (_line: string) => {},
  through: readonly string[] = [],
): Promise<string[]> {
  const script = fileURLToPath(new URL('../support/process-scene.ts', import.meta.url))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const node = [process.execPath, '--import', import.meta.resolve('tsx')]
  const [command = '', ...words] = [...through, ...node, script, scene, String(port)]
  const child = spawn(command, words, { env, stdio: ['ignore', 'pipe', 'inherit'], timeout: 5_000 })
  const lines: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.trim().split('\n')) {
      lines.push(line)
      heard(line)
    }
  })
  await once(child, 'close')
  return lines
}
