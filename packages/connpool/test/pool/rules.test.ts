import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { InvalidOptionError } from '../../src/pool/errors.ts'
import {
  checkArgument,
  checkArguments,
  checkOptions,
  count,
  finiteCount,
  fraction,
  oneOf,
  oneOfValues,
  type Rule,
  type Rules,
  record,
  show,
  span,
  text,
  wait,
  withInherited,
} from '../../src/pool/rules.ts'

const owner = { name: 'db' }

/** What is said of the options. */
function refusal(options: unknown, rules: Rules, path?: string): string {
  try {
    checkOptions(owner, options, rules, path)
  } catch (error) {
    return (error as InvalidOptionError).message
  }
  return assert.fail('they were accepted')
}

const accepted = (rule: Rule, values: readonly unknown[]) => values.filter(rule.check)

test('each rule allows what it says, up to its bounds', () => {
  const numbers = [-1, 0, 0.5, 1, 1.5, 2, 2 ** 53, Infinity, Number.NaN, '1', null, true]
  assert.deepEqual(accepted(count(1), numbers), [1, 2, Infinity])
  assert.deepEqual(accepted(finiteCount(1), numbers), [1, 2])
  assert.deepEqual(accepted(span, numbers), [0.5, 1, 1.5, 2, 2 ** 53, Infinity])
  assert.deepEqual(accepted(wait, numbers), [0, 0.5, 1, 1.5, 2, 2 ** 53, Infinity])
  assert.deepEqual(accepted(fraction, numbers), [0, 0.5, 1])
  assert.deepEqual(accepted(oneOf('1', '2'), numbers), ['1'])
  assert.deepEqual(accepted(oneOfValues(true, 2), numbers), [2, true])
  assert.deepEqual(accepted(text, ['', ' ', 'a', 5, undefined]), ['a'])
  assert.deepEqual(accepted(record, [{}, [], null, 5, () => {}]), [{}])
  assert.equal(oneOf('a', 'b').must, "'a' or 'b'")
  assert.equal(oneOfValues(true, 2).must, 'true or 2')
})

describe('a refusal', () => {
  const rules: Rules = {
    max: count(1),
    maxIdle: count(0),
    password: { ...text, secret: true },
    key: { ...oneOfValues('a'), secret: true },
  }

  test('names the known option that begins most alike, by three letters at least', () => {
    assert.match(
      refusal({ MAXidel: 1 }, rules),
      /no such option \(did you mean "maxIdle"\?\); these/,
    )
    assert.match(refusal({ maxx: 1 }, rules), /\(did you mean "max"\?\)/)
    assert.match(refusal({ ma: 1 }, rules), /no such option; these are known: max, maxIdle, /)
  })

  test('tells a number that is a text, where the number would do', () => {
    const fact = 'db: option "max" is "5"; it must be a whole number of at least 1, or Infinity'
    assert.equal(refusal({ max: '5' }, rules), `${fact}: a number, where this is a text`)
    for (const value of ['', ' ', '0', 'five']) {
      assert.doesNotMatch(refusal({ max: value }, rules), /where this is a text/)
      if (value !== '0') assert.doesNotMatch(refusal({ maxIdle: value }, rules), /where this is/)
    }
  })

  test('shows no secret, but what is no value of one', () => {
    assert.equal(refusal({ key: 'hunter2' }, rules), 'db: option "key" is a string; it must be a')
    assert.match(refusal({ password: 5 }, rules), /"password" is a number; it must/)
    assert.match(refusal({ password: [] }, rules), /"password" is an array; it must/)
    assert.match(refusal({ max: 'a' }, rules), /"max" is "a"; it must/)
  })

  test('says of what is no object which option it is', () => {
    assert.equal(refusal(5, rules), 'db: the options must be an object, not 5')
    assert.equal(refusal([], rules, 'tls.'), 'db: option "tls" must be an object, not an array')
    assert.match(refusal({ max: 0 }, rules, 'tls.'), /^db: option "tls\.max" is 0; it must be/)
  })

  test('takes what an object has from Object for no option', () => {
    assert.match(refusal({ toString: 5 }, rules), /option "toString" is refused: there is no such/)
  })

  test('comes with the figures of the pool, where there is one', () => {
    const { stats } = errorOf(() => checkOptions(owner, 5, rules))
    assert.equal(stats, undefined)
  })
})

function errorOf(act: () => void): InvalidOptionError {
  try {
    act()
  } catch (error) {
    return error as InvalidOptionError
  }
  return assert.fail('it was accepted')
}

describe('the arguments of a verb', () => {
  const rules: Rules = { graceMs: wait, reason: text }

  test('are a plain object, so that nothing else is taken for one', () => {
    for (const plain of [{}, Object.create(null), { graceMs: 5 }]) {
      checkArguments(owner, 'close', plain, rules)
    }
    class Grace {
      readonly graceMs = 5
    }
    const others = [5, null, undefined, 'now', [], () => {}, new Grace(), Object.create({})]
    const shown = [
      ...['5', 'null', 'undefined', '"now"', 'an array', 'a function', 'a Grace', 'an Object'],
    ]
    for (const [index, other] of others.entries()) {
      const { message } = errorOf(() => checkArguments(owner, 'close', other, rules))
      assert.equal(message, `db: close() takes an object of graceMs, reason, not ${shown[index]}`)
    }
  })

  test('are named with their verb', () => {
    const { message } = errorOf(() => checkArguments(owner, 'close', { graceMs: -1 }, rules))
    assert.match(message, /^db: option "close\.graceMs" is -1; it must be/)
    const { message: alone } = errorOf(() => checkArgument(owner, 'the function', 5, text))
    assert.equal(alone, 'db: the function is 5; it must be a text that is not empty')
    checkArgument(owner, 'the function', 'f', text)
  })
})

test('options may be inherited, where they are known', () => {
  const rules: Rules = { max: count(1), min: count(0) }
  const own = { max: 5 }
  assert.equal(withInherited(own, rules), own)
  const heir = Object.assign(Object.create({ min: 2, other: 3, max: 1 }), own)
  assert.deepEqual(withInherited(heir, rules), { max: 5, min: 2 })
  for (const none of [undefined, null, 5, 'text']) assert.equal(withInherited(none, rules), none)
  const list = Object.setPrototypeOf([1], { min: 2 })
  assert.equal(withInherited(list, rules), list)
})

test('a value is shown in words', () => {
  class Engine {}
  class Wheel {}
  const nameless = Object.create({ constructor: undefined })
  const odd = Object.create({ constructor: { name: 5 } })
  const empty = Object.create({ constructor: { name: '' } })
  assert.deepEqual(
    ['a"b', () => {}, [], {}, new Engine(), new Wheel(), 5n, 5, null, Symbol('s')].map(show),
    [
      '"a\\"b"',
      ...['a function', 'an array', 'an object', 'an Engine', 'a Wheel'],
      ...['5n', '5', 'null', 'Symbol(s)'],
    ],
  )
  assert.deepEqual([nameless, odd, empty].map(show), Array(3).fill('an object'))
})
