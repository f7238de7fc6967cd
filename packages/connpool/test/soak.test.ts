import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('./soak.ts', import.meta.url))

function soak(...args: readonly string[]) {
  const tsx = import.meta.resolve('tsx')
  return spawnSync(process.execPath, ['--import', tsx, command, ...args], { encoding: 'utf8' })
}

test('a soak says what it did, and ends well', { timeout: 60_000 }, () => {
  const { stdout, status } = soak('--runs', '31', '--seed', '5', '--workers', '2')
  assert.match(
    stdout,
    /^seed 5, 2 processes\n(.*\n)*\d+ s: 31 runs, .* events a minute\), 0 violations\n$/,
  )
  assert.equal(status, 0)
})

test('a flag that cannot be is named, with what it takes', { timeout: 60_000 }, () => {
  const wrongs: readonly (readonly [args: string[], says: RegExp])[] = [
    [['--seed', '0'], /^--seed is "0"; it must be a whole number from 1 to 1000000000\n/],
    [['--minutes', 'ten'], /^--minutes is "ten"; it must be a number over 0, up to 1440\n/],
    [['--seeds', '7'], /^Unknown option '--seeds'/],
  ]
  for (const [args, says] of wrongs) {
    const { stderr, status } = soak(...args)
    assert.match(stderr, says)
    assert.equal(status, 2)
  }
})
