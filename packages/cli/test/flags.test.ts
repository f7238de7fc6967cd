import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FlagError, parseDemoFlags } from '../src/flags.ts'

test('without flags the defaults hold', () => {
  assert.deepEqual(parseDemoFlags([]), {
    connections: 1000,
    duration: 10,
    max: 50,
    delay: 0,
    json: null,
  })
})

test('flags are read in both spellings', () => {
  const args = [
    '--connections',
    '10',
    '--duration=0.5',
    '--max',
    '4',
    '--delay=5',
    '--json',
    'a.json',
  ]
  assert.deepEqual(parseDemoFlags(args), {
    connections: 10,
    duration: 0.5,
    max: 4,
    delay: 5,
    json: 'a.json',
  })
})

test('help is help, whatever else is asked', () => {
  assert.equal(parseDemoFlags(['--help']), 'help')
  assert.equal(parseDemoFlags(['-h']), 'help')
  assert.equal(parseDemoFlags(['--max', '3', '--help']), 'help')
})

for (const [args, why] of [
  [['--speed', '9'], /no flag --speed/],
  [['-x'], /no flag -x/],
  [['--max'], /--max needs a value/],
  [['--max='], /--max needs a value/],
  [['--max', '--delay', '5'], /--max needs a value/],
  [['--max', '5', '--max', '6'], /given twice/],
  [['--help=yes'], /takes no value/],
  [['--max', 'many'], /--max must be a whole number from 1 to 20000, not "many"/],
  [['--max', '1.5'], /whole number/],
  [['--max', '0'], /from 1 to/],
  [['--max', '-1'], /--max must be a whole number from 1 to 20000, not "-1"/],
  [['--max', '1e3'], /whole number/],
  [['--max', '0x10'], /whole number/],
  [['--max', ' 5'], /whole number/],
  [['--max', '99999999999999999999'], /whole number/],
  [['--connections', '0'], /--connections must be/],
  [['--connections', '20001'], /--connections must be/],
  [['--duration', '0'], /--duration must be a number from 0.1 to 600, not "0"/],
  [['--duration', 'Infinity'], /--duration must be/],
  [['--duration', '10s'], /--duration must be/],
  [['--delay', '60001'], /--delay must be/],
  [['--json'], /--json needs a value/],
  [['fast'], /takes no argument "fast"/],
  [['--', 'fast'], /takes no argument "fast"/],
] as const) {
  test(`"${args.join(' ')}" is refused in one sentence`, () => {
    assert.throws(
      () => parseDemoFlags(args),
      (error) => {
        assert.ok(error instanceof FlagError)
        assert.match(error.message, why)
        assert.doesNotMatch(error.message, /\n/)
        return true
      },
    )
  })
}
