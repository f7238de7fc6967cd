import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { systemClock, type Timer } from '../../src/pool/clock.ts'
import type { InvalidOptionError } from '../../src/pool/errors.ts'
import { nameOf } from '../../src/pool/name.ts'
import { type PoolOptions, type PoolSettings, resolveSettings } from '../../src/pool/options.ts'
import { createPool } from '../../src/pool/pool.ts'
import { pools } from '../../src/pool/registry.ts'
import type { Source } from '../../src/pool/source.ts'
import { fixture, settled } from './support/fixture.ts'

const verbs = { create: () => ({}), destroy: () => {} }

/** The error with which a pool of these options is refused. */
function refusal(options: object): InvalidOptionError {
  const before = pools().length
  try {
    createPool({ ...verbs, name: 'test', ...options } as PoolOptions<object>)
  } catch (error) {
    assert.equal(pools().length, before, 'a pool that was refused does not live')
    const refused = error as InvalidOptionError
    assert.equal(refused.code, 'ERR_INVALID_OPTION')
    assert.equal(refused.name, 'InvalidOptionError')
    return refused
  }
  return assert.fail(`accepted: ${Object.keys(options).join(', ')}`)
}

const NOT_NUMBERS = ['5', true, null, {}, [], [5], 5n, () => 5, Symbol('five')]
const wholeFrom = (least: number) => [least - 1, least + 0.5, -1, Number.NaN, 2 ** 53, -Infinity]
const spans = [0, -1, Number.NaN, -Infinity]
const waits = [-1, -0.1, Number.NaN, -Infinity]
const fractions = [-0.1, 1.1, Number.NaN, Infinity]
const texts = ['', '  ', 5, null, {}, Symbol('name')]
const callbacks = ['f', 5, null, {}, true]

interface Row {
  readonly good: readonly unknown[]
  readonly bad: readonly unknown[]
  /** What completes "it must be ...". */
  readonly must: RegExp
}

const count = (least: number, infinite: boolean): Row => ({
  good: [least, least + 1, ...(infinite ? [Infinity] : [])],
  bad: [...NOT_NUMBERS, ...wholeFrom(least), ...(infinite ? [] : [Infinity])],
  must: new RegExp(`a whole number of at least ${least}${infinite ? ', or Infinity' : ''}`),
})
const span: Row = {
  good: [0.5, 1, 2 ** 40, Infinity],
  bad: [...NOT_NUMBERS, ...spans],
  must: /a number of milliseconds over 0, or Infinity to switch it off/,
}
const wait: Row = {
  good: [0, 0.5, Infinity],
  bad: [...NOT_NUMBERS, ...waits],
  must: /a number of milliseconds of at least 0, or Infinity/,
}
const fraction: Row = {
  good: [0, 0.5, 1],
  bad: [...NOT_NUMBERS, ...fractions],
  must: /from 0 to 1/,
}
const callback: Row = { good: [() => undefined], bad: callbacks, must: /a function/ }

const SETTINGS: Record<keyof PoolSettings, Row> = {
  name: { good: ['a', ' a '], bad: texts, must: /a text that is not empty/ },
  min: count(0, false),
  minIdle: count(0, false),
  max: count(1, true),
  maxIdle: { ...count(0, true), good: [0, 1, 10] },
  increment: count(1, false),
  maxLeases: count(1, true),
  maxConnecting: count(1, true),
  maxWaiters: count(0, true),
  acquireTimeoutMs: wait,
  createTimeoutMs: span,
  probeTimeoutMs: span,
  resetTimeoutMs: span,
  destroyTimeoutMs: span,
  closeGraceMs: wait,
  freshForMs: wait,
  idleTimeoutMs: span,
  maxLifetimeMs: span,
  lifetimeJitter: fraction,
  maxUses: count(1, true),
  probeAfterIdleMs: wait,
  probeEveryMs: span,
  probeRetries: count(1, true),
  idleOrder: {
    good: ['lifo', 'fifo'],
    bad: ['LIFO', '', 5, null, ['lifo']],
    must: /'lifo' or 'fifo'/,
  },
  queueOrder: {
    good: ['fifo', 'adaptive-lifo'],
    bad: ['lifo', '', 5, null],
    must: /'fifo' or 'adaptive-lifo'/,
  },
  backoff: {
    good: [{}, { initialMs: 5 }],
    bad: [5, null, 'fast', [], () => ({})],
    must: /an object/,
  },
  clock: {
    good: [{ now: () => 0 }, { now: () => 0, setTimeout: undefined }],
    bad: [
      5,
      null,
      {},
      { now: 5 },
      () => 0,
      { now: () => 0, setTimeout: 5 },
      { now: () => 0, setImmediate: 'soon' },
    ],
    must: /an object with a function now\(\)/,
  },
  random: callback,
}

const SOURCE: Record<keyof Source<unknown>, Row> = {
  create: callback,
  destroy: callback,
  probe: callback,
  reset: callback,
  ref: callback,
  unref: callback,
  classify: callback,
  isFatal: callback,
}

const BACKOFF: Record<keyof Required<NonNullable<PoolSettings['backoff']>>, Row> = {
  initialMs: {
    good: [1, 1.5],
    bad: [...NOT_NUMBERS, 0, -1, Number.NaN, Infinity],
    must: /at least 1/,
  },
  maxMs: {
    good: [100, 1e6, Infinity],
    bad: [...NOT_NUMBERS, 0, -1, Number.NaN],
    must: /at least 1/,
  },
  factor: {
    good: [1, 1.5],
    bad: [...NOT_NUMBERS, 0.5, -1, Number.NaN, Infinity],
    must: /at least 1/,
  },
  jitter: fraction,
  failFastAfter: count(1, true),
}

/** A value as a message shows it. */
function shown(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'bigint' ? `${value}n` : String(value)
}

for (const [path, rows] of [
  ['', { ...SETTINGS, ...SOURCE }],
  ['backoff.', BACKOFF],
] as const) {
  for (const [key, { good, bad, must }] of Object.entries(rows)) {
    describe(`option ${path}${key}`, () => {
      const options = (value: unknown) =>
        path === '' ? { [key]: value } : { backoff: { [key]: value } }

      test('is refused out of range or of the wrong type, naming the option, the value and the fix', () => {
        for (const value of bad) {
          const { message } = refusal(options(value))
          const fact = `option "${path}${key}" is ${shown(value)}; it must be `
          assert.ok(message.includes(fact), `${message}\n should include\n${fact}`)
          assert.match(message.slice(message.indexOf(fact) + fact.length), must)
          if (key !== 'name') assert.match(message, /^test: /)
        }
      })

      test('is accepted in its range, and undefined is not given', async () => {
        const required = path === '' && (key === 'create' || key === 'destroy')
        for (const value of required ? good : [...good, undefined]) {
          const given = options(value) as Partial<PoolOptions<object>>
          await createPool<object>({ ...verbs, ...given }).close()
        }
      })
    })
  }
}

test('options that are unknown are refused, with those that are known', () => {
  for (const key of ['maxidle', 'timeout', 'toString', '__proto__ ', 'port']) {
    const { message } = refusal({ [key]: 5 })
    assert.ok(message.startsWith(`test: option "${key}" is refused: there is no such option`))
    assert.match(message, /these are known: name, min, minIdle, max, /)
  }
  for (const [key, meant] of Object.entries({
    maxidle: 'maxIdle',
    maxSize: 'max',
    acquireTimeout: 'acquireTimeoutMs',
    idleTimeoutMillis: 'idleTimeoutMs',
  })) {
    assert.match(refusal({ [key]: 5 }).message, new RegExp(`did you mean "${meant}"\\?`))
  }
  assert.doesNotMatch(refusal({ timeout: 5 }).message, /did you mean/)
  assert.match(refusal({ backoff: { delay: 5 } }).message, /option "backoff\.delay" is refused/)
})

test('what a living pool refuses comes with its figures', async () => {
  const { pool } = fixture({ max: 3 })
  assert.throws(() => pool.resize({ max: 0 }), { code: 'ERR_INVALID_OPTION', stats: pool.stats() })
  await pool.close()
})

test('maxLeases: Infinity lets everybody share one connection', async () => {
  const { pool } = fixture({ maxLeases: Infinity })
  const leases = await Promise.all(Array.from({ length: 100 }, () => pool.acquire()))
  assert.equal(pool.stats().open, 1)
  for (const lease of leases) lease.release()
  await pool.close()
})

test('options that are planned are refused until they are there', () => {
  for (const [key, value] of Object.entries({ leakThresholdMs: 5_000, logger: console })) {
    assert.equal(
      refusal({ [key]: value }).message,
      `test: option "${key}" is refused: it is not available in this version; leave it out`,
    )
  }
})

test('options that contradict each other are refused, with what to change', () => {
  const contradictions: [object, RegExp][] = [
    [{ min: 11 }, /option "min" is 11, but "max" is 10; lower min or raise max$/],
    [{ min: 3, max: 2 }, /option "min" is 3, but "max" is 2; lower min or raise max$/],
    [{ min: 3, maxIdle: 2 }, /option "min" is 3, but "maxIdle" is 2; lower min or raise maxIdle$/],
    [{ minIdle: 3, maxIdle: 2 }, /option "minIdle" is 3, but "maxIdle" is 2/],
    [{ minIdle: 11 }, /option "minIdle" is 11, but "maxIdle" is 10/],
    [{ maxIdle: 11 }, /option "maxIdle" is 11, but "max" is 10; lower maxIdle or raise max$/],
    [{ maxIdle: Infinity }, /option "maxIdle" is Infinity, but "max" is 10/],
    [
      { reset: () => {}, maxLeases: 2 },
      /"reset" goes with one lease per connection, but maxLeases is 2/,
    ],
    [
      { backoff: { initialMs: 6_000 } },
      /option "backoff\.initialMs" is 6000, but "backoff\.maxMs" is 5000; lower .* or raise .*$/,
    ],
    [{ backoff: { maxMs: 99 } }, /option "backoff\.initialMs" is 100, but "backoff\.maxMs" is 99/],
  ]
  for (const [options, message] of contradictions) assert.match(refusal(options).message, message)
})

test('the verbs that there must be are asked for', () => {
  for (const verb of ['create', 'destroy']) {
    const { message } = refusal({ [verb]: undefined })
    assert.equal(message, `test: option "${verb}" is undefined; it must be a function`)
  }
})

test('options that are no object are refused', () => {
  for (const options of [undefined, null, 5, 'redis', [], () => ({})]) {
    assert.throws(() => createPool(options as unknown as PoolOptions<object>), {
      code: 'ERR_INVALID_OPTION',
      message: /^pool-\d+: the options must be an object, not /,
    })
  }
})

test('a pool without a name is pool-1, and the next one pool-2', async () => {
  const [first, second] = [createPool<object>(verbs), createPool<object>(verbs)]
  const number = Number(/^pool-(\d+)$/.exec(first.name)?.[1])
  assert.equal(second.name, `pool-${number + 1}`)
  await Promise.all([first.close(), second.close()])
})

test('the longest delay may be as short as 1 ms', async () => {
  await createPool<object>({ ...verbs, backoff: { initialMs: 1, maxMs: 1 } }).close()
})

test('what is done to the options afterwards changes nothing', async () => {
  const options = { create: () => ({}), destroy: () => {}, max: 1, backoff: { initialMs: 7 } }
  const pool = createPool<object>(options)
  options.max = 5
  options.create = () => assert.fail('the options were read again')
  ;(await pool.acquire()).release()
  assert.equal(pool.stats().max, 1)
  await pool.close()
})

test('the verbs may be methods of an object, and keep it as their `this`', async () => {
  class Backend {
    readonly #opened: object[] = []
    create(): object {
      this.#opened.push({})
      return {}
    }
    destroy(): void {
      this.#opened.pop()
    }
    probe(): boolean {
      return this.#opened.length > 0
    }
    get count(): number {
      return this.#opened.length
    }
  }
  const backend = new Backend()
  const pool = createPool<object>(backend)
  const lease = await pool.acquire()
  assert.equal(backend.count, 1)
  lease.destroy()
  assert.equal(backend.count, 0)
  await pool.close()
})

describe('acquire and use', () => {
  const bad: [object, RegExp][] = [
    [{ timeoutMs: -1 }, /option "acquire\.timeoutMs" is -1; it must be a number of milliseconds/],
    [{ timeoutMs: '100' }, /option "acquire\.timeoutMs" is "100"/],
    [{ timeoutMs: Number.NaN }, /option "acquire\.timeoutMs" is NaN/],
    [{ timeout: 100 }, /option "acquire\.timeout" is refused: there is no such option/],
    [{ signal: {} }, /option "acquire\.signal" is an object; it must be an AbortSignal/],
    [{ signal: new AbortController() }, /option "acquire\.signal" is an AbortController/],
    [{ priority: 8 }, /option "acquire\.priority" is 8; it must be a whole number from 0 to 7/],
    [{ priority: -1 }, /option "acquire\.priority" is -1/],
    [{ priority: 0.5 }, /option "acquire\.priority" is 0\.5/],
    [{ priority: '1' }, /option "acquire\.priority" is "1"/],
    [[], /acquire\(\) takes an object of signal, timeoutMs, priority.*, not an array/],
    [new AbortController().signal, /acquire\(\) takes an object of signal, .* not an AbortSignal/],
    [new Map(), /acquire\(\) takes an object of signal, .* not a Map/],
  ]

  test('refuse what cannot be by rejecting, and count nothing', async () => {
    const { pool } = fixture()
    for (const [options, message] of bad) {
      await assert.rejects(pool.acquire(options), { code: 'ERR_INVALID_OPTION', message })
      const ofUse = new RegExp(message.source.replaceAll('acquire', 'use'))
      const used = pool.use(() => {}, options)
      await assert.rejects(used, { code: 'ERR_INVALID_OPTION', message: ofUse })
    }
    const keep = { keep: 'yes' } as unknown as { keep(): boolean } // On purpose.
    await assert.rejects(
      pool.use(() => {}, keep),
      { code: 'ERR_INVALID_OPTION' },
    )
    const odd = pool as unknown as {
      use(fn: unknown): Promise<void>
      acquire(o: unknown): Promise<void>
    }
    await assert.rejects(odd.use(undefined), { code: 'ERR_INVALID_OPTION' })
    for (const options of [null, 5, 'now']) {
      await assert.rejects(odd.acquire(options), { code: 'ERR_INVALID_OPTION' })
    }
    assert.equal(pool.stats().acquires, 0)
    await pool.close()
  })

  test('take undefined for what was not given', async () => {
    const { pool } = fixture()
    const options = { signal: undefined, timeoutMs: undefined, priority: undefined }
    const odd = pool as unknown as { acquire(options: object): ReturnType<typeof pool.acquire> }
    ;(await odd.acquire(options)).release()
    await settled()
    await pool.close()
  })
})

describe('settings', () => {
  const verbs = { probes: true, resets: false, dials: true }
  const times = {
    createTimeoutMs: 5_000,
    probeTimeoutMs: 1_000,
    resetTimeoutMs: 1_000,
    destroyTimeoutMs: 5_000,
    idleTimeoutMs: 30_000,
    maxLifetimeMs: 1_800_000,
    lifetimeJitter: 0.1,
    probeAfterIdleMs: 500,
    probeEveryMs: Infinity,
    freshForMs: 0,
  }
  const backoff = { initialMs: 100, maxMs: 5_000, factor: 2, jitter: 1, failFastAfter: 5 }

  test('that are not given have their defaults', () => {
    const { limits, acquireTimeoutMs, closeGraceMs } = resolveSettings('db', {}, verbs)
    assert.deepEqual(limits, {
      ...{ min: 0, minIdle: 0, max: 10, maxIdle: undefined, increment: 1, maxLeases: 1 },
      ...{ maxConnecting: 4, maxWaiters: Infinity, maxUses: Infinity, probeRetries: 3 },
      ...{ idleOrder: 'lifo', queueOrder: 'fifo' },
      ...times,
      backoff,
      ...verbs,
    })
    assert.deepEqual([acquireTimeoutMs, closeGraceMs], [10_000, 20_000])
  })

  test('that are given hold', () => {
    const given = {
      ...{ min: 1, minIdle: 2, max: 9, maxIdle: 8, increment: 3, maxLeases: 4 },
      ...{ maxConnecting: 5, maxWaiters: 6, maxUses: 7, probeRetries: 2 },
      ...{ idleOrder: 'fifo', queueOrder: 'adaptive-lifo' },
      ...Object.fromEntries(Object.keys(times).map((name, index) => [name, index / 10])),
      backoff: { initialMs: 2, maxMs: 3, factor: 4, jitter: 0.5, failFastAfter: 6 },
    } as PoolSettings
    const waits = { acquireTimeoutMs: 50, closeGraceMs: 60 }
    const resolved = resolveSettings('db', { ...given, ...waits }, verbs)
    assert.deepEqual(resolved.limits, { ...given, ...verbs })
    assert.deepEqual([resolved.acquireTimeoutMs, resolved.closeGraceMs], [50, 60])
  })

  test('of a pool that cannot probe have it probe nothing', () => {
    const settings = { probeEveryMs: 500 }
    const { limits } = resolveSettings('db', settings, { ...verbs, probes: false })
    assert.equal(limits.probeEveryMs, Infinity)
  })

  test('have bounds where the machine needs them', () => {
    const settings = { maxLeases: Infinity, backoff: { maxMs: Infinity } }
    const { limits } = resolveSettings('db', settings, verbs)
    assert.deepEqual([limits.maxLeases, limits.backoff.maxMs], [2 ** 31, 2 ** 40])
  })

  test('take from a clock what it has, as its methods, and the rest from the system', () => {
    const systems = resolveSettings('db', { clock: { now: () => 5 } }, verbs).clock
    assert.deepEqual(
      [systems.now(), systems.setTimeout, systems.setImmediate],
      [5, systemClock.setTimeout, systemClock.setImmediate],
    )
    class Clock {
      readonly heard: unknown[] = []
      now(): number {
        return 7
      }
      setTimeout(_wake: () => void, delayMs: number): Timer {
        this.heard.push(delayMs)
        return { ref: () => {}, unref: () => {}, close: () => {} }
      }
      setImmediate(): void {
        this.heard.push('immediate')
      }
    }
    const own = new Clock()
    const { clock } = resolveSettings('db', { clock: own }, verbs)
    clock.setTimeout(() => {}, 20)
    clock.setImmediate(() => {})
    assert.deepEqual([clock.now(), own.heard], [7, [20, 'immediate']])
  })

  test('take from a source of chance what is from 0 to 1, and otherwise go without', () => {
    for (const [drawn, taken] of [
      [0.25, 0.25],
      [0, 0],
      [1, 1],
      [-0.5, 0],
      [1.5, 0],
      [Number.NaN, 0],
    ] as const) {
      const { random } = resolveSettings('db', { random: () => drawn }, verbs)
      assert.equal(random(), taken)
    }
    const throws = () => {
      throw new Error('no chance')
    }
    assert.equal(resolveSettings('db', { random: throws }, verbs).random(), 0)
  })
})

test('a name is the one that was given, or else the one that is known, or else a number', () => {
  assert.equal(nameOf({ name: 'db' }, 'host:80'), 'db')
  assert.equal(nameOf({}, 'host:80'), 'host:80')
  assert.match(nameOf({ name: ' ' }), /^pool-\d+$/)
})
