import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runBench } from './support/run-bench.ts'

test('a quick check prints a verdict, and its status is the worst of them', async () => {
  const only = ['--only', 'try-acquire', '--only', 'tcp-idle']
  const { code, stdout, stderr } = await runBench('check', '--quick', '--rounds', '1', ...only)
  assert.equal(stderr, '')
  const verdict = / +-?\d+\.\d\d +\d+\.\d\d {3}(kept|kept when tried again|exceeded)$/.source
  assert.match(stdout, new RegExp(`^ {2}try-acquire${verdict}`, 'm'))
  assert.match(stdout, new RegExp(`^ {2}tcp-idle   ${verdict}`, 'm'))
  const exceeded = stdout.match(/ exceeded$/gm)?.length ?? 0
  assert.match(stdout, new RegExp(`^${exceeded} of 2 limits exceeded; took \\d+ s$`, 'm'))
  assert.equal(code, exceeded > 0 ? 1 : 0)
})

const mistakes: Record<string, [args: string[], sentence: RegExp]> = {
  'a work that does not exist': [['--only', 'sleep'], /no work is called 'sleep'; there are try-/],
  'a work that a quick check leaves out': [
    ['--quick', '--only', 'acquire-timeout'],
    /a quick check has no limit for acquire-timeout/,
  ],
  'no rounds': [['--rounds', '0'], /--rounds takes a whole number from 1 to 100, not '0'/],
  'an unknown flag': [['--loud'], /Unknown option '--loud'/],
}

for (const [mistake, [args, sentence]] of Object.entries(mistakes)) {
  test(`${mistake} ends it with status 1 and a sentence`, async () => {
    const { code, stdout, stderr } = await runBench('check', ...args)
    assert.equal(code, 1)
    assert.match(stderr, sentence)
    assert.equal(stderr.trim().split('\n').length, 1)
    assert.equal(stdout, '')
  })
}

test('--help says what there is', async () => {
  const { code, stdout } = await runBench('check', '--help')
  assert.equal(code, 0)
  assert.match(stdout, /--quick/)
  assert.match(stdout, /Status 1 if something costs more/)
})
