import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const runner = fileURLToPath(new URL('./test.mjs', import.meta.url))

/** Runs our test runner over a folder that holds one test file, and says how it ended. */
function run(
  source: string | undefined,
  ...args: string[]
): { status: number | null; out: string } {
  const folder = mkdtempSync(join(tmpdir(), 'connpool-runner-'))
  try {
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
    if (source !== undefined) writeFileSync(join(folder, 'planted.test.ts'), source)
    // Without NODE_TEST_CONTEXT, or node:test takes the runner for one of its own children.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const { status, stdout } = spawnSync(
      process.execPath,
      [runner, '--no-build', `--root=${folder}`, '--timeout=20', ...args],
      { encoding: 'utf8', env: { ...env, CONNPOOL_TEST_GRACE_MS: '300' } },
    )
    return { status, out: stdout }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const lastLine = (out: string): string | undefined => out.trimEnd().split('\n').at(-1)

test('single tests are counted, not files and not suites', () => {
  const { status, out } = run(`
    import { describe, test } from 'node:test'
    test('one', () => {})
    test('two', { skip: true }, () => {})
    describe('suite', () => { test('three', () => {}) })
  `)
  assert.equal(lastLine(out), '2 passed, 0 failed, 1 skipped', out)
  assert.equal(status, 0)
})

test('why tests were skipped is told, once for each reason', () => {
  const { out } = run(`
    import { test } from 'node:test'
    test('one', () => {})
    test('two', { skip: 'needs a server' }, () => {})
    test('three', (t) => t.skip('needs a server'))
    test('four', { skip: 'needs Linux' }, () => {})
  `)
  assert.match(out, /\n2 skipped: needs a server\n1 skipped: needs Linux\n/)
  assert.equal(lastLine(out), '1 passed, 0 failed, 3 skipped', out)
})

test('a failing test is counted once and named with its message', () => {
  const { status, out } = run(`
    import { describe, test } from 'node:test'
    describe('suite', () => { test('breaks', () => { throw new Error('because of this') }) })
  `)
  assert.equal(lastLine(out), '0 passed, 1 failed, 0 skipped', out)
  assert.match(out, /planted\.test\.ts > suite > breaks\n.*because of this/)
  assert.equal(status, 1)
})

test('a file that cannot be loaded fails', () => {
  const { status, out } = run("throw new Error('at load')")
  assert.equal(lastLine(out), '0 passed, 1 failed, 0 skipped', out)
  assert.equal(status, 1)
})

test('no test file, a file without a test and a filter that finds nothing fail', () => {
  assert.equal(run(undefined).status, 1)
  assert.equal(run('export {}').status, 1)
  assert.equal(run("import { test } from 'node:test'; test('x', () => {})", 'zzz').status, 1)
})

test('a file that hangs is ended and fails', () => {
  const { status, out } = run(
    "import { test } from 'node:test'; test('x', () => new Promise((done) => setTimeout(done, 60_000)))",
    '--timeout=1',
  )
  assert.match(out, /timed out/)
  assert.equal(status, 1)
})

const leaks: Record<string, string> = {
  server: "import net from 'node:net'; const leave = () => { net.createServer().listen(0) }",
  timer: 'const leave = () => { setTimeout(() => {}, 60_000) }',
  child:
    "import { spawn } from 'node:child_process'; const leave = () => { spawn('sleep', ['5']) }",
  'unref’d socket': `
    import net from 'node:net'
    const leave = () => new Promise((done) => {
      const server = net.createServer((accepted) => accepted.unref()).listen(0, () => {
        const socket = net.connect(server.address().port, () => setImmediate(done))
        socket.unref()
        server.unref()
      })
    })`,
}

for (const [what, source] of Object.entries(leaks)) {
  test(`a file that leaves a ${what} behind fails, though each of its tests passed`, () => {
    const { status, out } = run(`${source}\nimport { test } from 'node:test'; test('x', leave)`)
    assert.match(out, /leak: /)
    assert.equal(lastLine(out), '1 passed, 1 failed, 0 skipped', out)
    assert.equal(status, 1)
  })
}

test('a file that closes what it opened passes, also when it closes it in an after hook', () => {
  const { status, out } = run(`
    import net from 'node:net'
    import { after, test } from 'node:test'
    const server = net.createServer((socket) => socket.pipe(socket))
    after(() => server.close())
    test('x', async () => {
      await new Promise((done) => server.listen(0, done))
      const socket = net.connect(server.address().port)
      await new Promise((done) => socket.once('connect', done))
      socket.destroy()
      await new Promise((done) => socket.once('close', done))
    })
  `)
  assert.equal(lastLine(out), '1 passed, 0 failed, 0 skipped', out)
  assert.equal(status, 0)
})
