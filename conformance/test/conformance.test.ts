import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { findRow } from '../src/programme.ts'
import { report, shortcomings } from '../src/report.ts'
import { roster } from '../src/roster.ts'
import { table } from '../src/table.ts'
import type { Verdict } from '../src/verdict.ts'

const program = fileURLToPath(new URL('../src/conformance.ts', import.meta.url))
const fault = fileURLToPath(new URL('../src/fault.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')

test('it prints a column a pool, and writes the same as JSON', { timeout: 60_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'connpool-conformance-'))
  try {
    const { code, stdout, stderr } = await run(
      folder,
      ...['--only', 'released-twice', '--pool', 'connpool', '--pool', 'tarn', '--json', 'out.json'],
    )
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^ +connpool \d+\.\d+\.\d+ +tarn \d+\.\d+\.\d+ *$/m)
    assert.match(stdout, /^released-twice: a lease is released .* {2}pass +lent to two *$/m)
    assert.match(stdout, /^passed +1 of 1 +0 of 1 *$/m)

    const { pools, rows } = JSON.parse(await readFile(join(folder, 'out.json'), 'utf8'))
    assert.deepEqual(
      pools.map(({ name }: { name: string }) => name),
      ['connpool', 'tarn'],
    )
    assert.equal(rows.length, 1)
    assert.deepEqual(rows[0].verdicts, {
      connpool: { is: 'pass', said: '' },
      tarn: { is: 'fail', said: 'lent to two' },
    })
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('it ends with status 1 when the first pool does not pass', { timeout: 60_000 }, async () => {
  const roster = ['--roster', fileURLToPath(new URL('./naive-pool.ts', import.meta.url))]
  const { code, stdout, stderr } = await run(tmpdir(), '--only', 'released-twice', ...roster)
  assert.equal(code, 1)
  assert.match(stdout, /^passed +0 of 1 *$/m)
  assert.equal(stderr, 'naive does not pass released-twice: lent to two\n')
})

test('what is neither passed nor there is a shortcoming', { timeout: 10_000 }, () => {
  const rows = ['failed-dial', 'slow-dial', 'reset-first', 'given-up'].map(findRow)
  const entrants = roster.slice(0, 1)
  const verdicts: Verdict[] = [
    { is: 'pass', said: 'in time' },
    { is: 'fail', said: 'lends a dead one' },
    { is: 'lacks', said: 'no reset' },
  ]
  const results = entrants.flatMap((entrant) =>
    verdicts.flatMap((verdict, i) =>
      rows.slice(i, i + 1).map((row) => ({ row, entrant, verdict })),
    ),
  )
  const made = report(rows, entrants, results, 1)
  assert.deepEqual(
    shortcomings(made, 'connpool').map(({ name }) => name),
    ['slow-dial', 'reset-first', 'given-up'],
  )
  assert.match(table(made), /^passed +1 of 4 *$/m)
})

const mistakes: Record<string, [args: string[], sentence: RegExp]> = {
  'a row that does not exist': [['--only', 'sleep'], /no row is called 'sleep'; there are failed-/],
  'a pool that does not exist': [
    ['--pool', 'dbcp'],
    /no pool is called 'dbcp'; there are connpool/,
  ],
  'a roster that is none': [['--roster', fault], /--roster: .* exports no roster/],
  'an unknown flag': [['--loud'], /Unknown option '--loud'/],
  'a file where none can be': [['--json', 'missing/out.json'], /--json: cannot write .*missing/],
}

for (const [mistake, [args, sentence]] of Object.entries(mistakes)) {
  test(`${mistake} ends it with status 1 and a sentence`, { timeout: 60_000 }, async () => {
    const { code, stdout, stderr } = await run(tmpdir(), ...args)
    assert.equal(code, 1)
    assert.match(stderr, sentence)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.equal(stdout, '')
  })
}

function run(folder: string, ...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    execFile(
      process.execPath,
      ['--import', tsx, program, ...args],
      { env: { ...process.env, INIT_CWD: folder } },
      (error, stdout, stderr) => resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}
