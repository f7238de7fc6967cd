import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { runBench, runBenchIn } from './support/run-bench.ts'

test('a quick run prints a block for each work and writes the same figures as JSON', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'connpool-bench-'))
  try {
    const { code, stdout, stderr } = await runBenchIn(
      folder,
      'micro',
      ...['--quick', '--rounds', '2', '--only', 'try-acquire', '--json', 'figures.json'],
    )
    assert.equal(code, 0, stderr)
    assert.match(stdout, /^tryAcquire\(\) \+ release\(\) {2}\[try-acquire\]$/m)
    assert.match(stdout, /^ {2}connpool \d+\.\d+\.\d+( +\d+(\.\d+)?){5}$/m)
    assert.match(stdout, /^ {2}floor: stack( +\d+(\.\d+)?){4} +1\.00$/m)
    assert.match(stdout, /these figures mean nothing/)

    const report = JSON.parse(await readFile(join(folder, 'figures.json'), 'utf8'))
    assert.equal(report.rounds, 2)
    assert.equal(report.works.length, 1)
    const [ours, floor] = report.works[0].lines
    assert.equal(ours.contestant, 'connpool')
    assert.equal(floor.contestant, 'stack')
    assert.equal(floor.toFloor, 1)
    for (const line of [ours, floor]) {
      assert.equal(line.rounds.length, 2)
      const { min, median, max } = line.figure
      assert.ok(min > 0 && min <= median && median <= max)
      assert.ok(line.bytes >= 0)
    }
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('the works with real sockets end, and close what they opened', async () => {
  const works = ['tcp-try-acquire', 'tcp-acquire', 'tcp-idle'].flatMap((work) => ['--only', work])
  const { code, stdout, stderr } = await runBench('micro', '--quick', ...works)
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^ {2}connpool, TCP \d+\.\d+\.\d+( +\d+(\.\d+)?){5}$/m)
  assert.match(stdout, /^ {2}floor: bare sockets( +-?\d+(\.\d+)?){3} +0 +1\.00$/m)
  assert.equal(stdout.match(/^ {2}floor: sockets( +\d+(\.\d+)?){4} +1\.00$/gm)?.length, 2)
})

test('by the other clock, the table says so', async () => {
  const { code, stdout, stderr } = await runBench(
    'micro',
    ...['--quick', '--cpu', '--only', 'acquire-timeout'],
  )
  assert.equal(code, 0, stderr)
  assert.match(stdout, /^time that the process computed, all in one thread$/m)
  assert.match(stdout, /^ {2}connpool \d+\.\d+\.\d+( +\d+(\.\d+)?){5}$/m)
})

const mistakes: Record<string, [args: string[], sentence: RegExp]> = {
  'a work that does not exist': [['--only', 'sleep'], /no work is called 'sleep'; there are try-/],
  'no rounds': [['--rounds', '0'], /--rounds takes a whole number from 1 to 100, not '0'/],
  'an unknown flag': [['--loud'], /Unknown option '--loud'/],
  'a file where none can be': [
    ['--quick', '--only', 'try-acquire', '--json', 'missing/figures.json'],
    /--json: cannot write .*missing/,
  ],
}

for (const [mistake, [args, sentence]] of Object.entries(mistakes)) {
  test(`${mistake} ends it with status 1 and a sentence`, async () => {
    const { code, stdout, stderr } = await runBench('micro', ...args)
    assert.equal(code, 1)
    assert.match(stderr, sentence)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.equal(stdout, '')
  })
}

test('--help says what there is', async () => {
  const { code, stdout } = await runBench('micro', '--help')
  assert.equal(code, 0)
  assert.match(stdout, /--rounds N/)
  assert.match(
    stdout,
    /try-acquire, acquire, acquire-timeout, use, workers, workers-8, waiters, sweep, tcp-try-acquire, tcp-acquire, tcp-idle/,
  )
})
