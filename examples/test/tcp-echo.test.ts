import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../tcp-echo/main.ts', import.meta.url))

test('tcp-echo gets every line back over at most three connections and ends by itself', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), main],
    { encoding: 'utf8', timeout: 20_000 },
  )
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  assert.equal(stdout.match(/^borrower \d had connection \d+(, then \d+){3}$/gm)?.length, 6, stdout)
  assert.match(stdout, /^24 lines came back$/m)

  const opened = count(stdout, /^(\d+) connections opened/m)
  assert.ok(opened >= 1 && opened <= 3, stdout)
  assert.equal(count(stdout, /(\d+) seen by the server$/m), opened)
  assert.equal(count(stdout, /^(\d+) times an open connection was used again/m), 24 - opened)
  assert.ok(count(stdout, /(\d+) times somebody waited$/m) >= 3, stdout)
})

function count(text: string, pattern: RegExp): number {
  return Number(pattern.exec(text)?.[1] ?? Number.NaN)
}
