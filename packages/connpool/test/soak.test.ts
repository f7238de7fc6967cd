import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const command = fileURLToPath(new URL('./soak.ts', import.meta.url))

function soak(...args: readonly string[]) {
  return run(args, process.env)
}

function run(args: readonly string[], env: NodeJS.ProcessEnv) {
  const node = ['--import', import.meta.resolve('tsx'), command, ...args]
  return spawnSync(process.execPath, node, { encoding: 'utf8', env })
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

test('a process that is killed before it is done has shown nothing', { timeout: 60_000 }, () => {
  const dies = "data:text/javascript,if(process.send)process.kill(process.pid,'SIGKILL')"
  const env = { ...process.env, NODE_OPTIONS: `--import=${dies}` }
  const { stdout, status } = run(['--runs', '1', '--seed', '5', '--workers', '1'], env)
  assert.match(stdout, /^a process ended with SIGKILL, at seed 5 or soon after$/m)
  assert.equal(status, 1)
})
