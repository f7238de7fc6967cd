import assert from 'node:assert/strict'
import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { lookup as systemLookup } from 'node:dns'
import { lookup as promisedLookup } from 'node:dns/promises'
import { type TestContext, test } from 'node:test'
import type { Clock, FailureContext, Lookup, LookupAnswer, LookupQuery } from '../../src/index.ts'
import { lookUp } from '../../src/net/lookup.ts'
import { ManualClock, RudeServer } from '../../src/testing/index.ts'
import { oneFailure } from '../support/one-failure.ts'
import { type OpenOptions, openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

/** A resolver that the test speaks for. */
class Names {
  asked = 0
  answer: LookupAnswer | Error | 'nothing' = '127.0.0.1'
  readonly lookup = async (): Promise<LookupAnswer> => {
    this.asked++
    if (this.answer === 'nothing') return new Promise(() => {})
    if (this.answer instanceof Error) throw this.answer
    return this.answer
  }
}

const shapes: Record<string, Lookup> = {
  'dns.lookup': systemLookup,
  'dns.promises.lookup': promisedLookup,
  'a callback with one address': (_host, _query, callback) => callback(null, '127.0.0.1', 4),
  'a callback with several': (_host, _query, callback) =>
    callback(null, [{ address: '127.0.0.1', family: 4 }]),
  'an answer at once': () => '127.0.0.1',
  'an address with a ttl at once': () => ({ address: '127.0.0.1', ttl: 5 }),
  'several at once': () => ['127.0.0.1'],
  'a promise of a text': async () => '127.0.0.1',
  'a promise of texts': async () => ['127.0.0.1'],
  'a promise of addresses with a ttl': async () => [{ address: '127.0.0.1', ttl: 5 }],
}

for (const [shape, lookup] of Object.entries(shapes)) {
  test(`lookup may be ${shape}`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const pool = openPool(t, { host: 'localhost', port: server.port, family: 4, lookup })
    const lease = await pool.acquire()
    assert.equal(lease.info.address, `127.0.0.1:${server.port}`)
    lease.release()
  })
}

test('an IPv6 address that is spelled in several ways is one', { timeout }, async () => {
  const answer = ['2001:DB8::1', '2001:db8:0:0:0:0:0:1', '::FFFF:10.0.0.1', 'fe80::1%lo']
  const { addresses } = await lookUp('db', 0, async () => answer)
  assert.deepEqual(addresses, ['2001:db8::1', '::ffff:10.0.0.1', 'fe80::1%lo'])
})

test('a lookup is asked for the host, every address, and the family', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const asked: [string, LookupQuery][] = []
  const lookup: Lookup = async (hostname, query) => {
    asked.push([hostname, query])
    return ['127.0.0.1']
  }
  const pool = openPool(t, { host: 'db.example', port: server.port, family: 4, lookup })
  await acquireAndRelease(pool)
  assert.deepEqual(asked, [['db.example', { family: 4, all: true }]])
})

test('an IP address is not looked up', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const names = new Names()
  const pool = openPool(t, { port: server.port, lookup: names.lookup })
  const lease = await pool.acquire()
  assert.equal(names.asked, 0)
  assert.deepEqual(Object.keys(lease.info.timings ?? {}), ['connect'])
  lease.release()
})

const useless: Record<string, LookupAnswer | Error> = {
  'resolves to nothing': [],
  'resolves to what is no address': ['not-an-address'],
  'does not exist': Object.assign(new Error('getaddrinfo ENOTFOUND db'), { code: 'ENOTFOUND' }),
}

for (const [what, answer] of Object.entries(useless)) {
  test(`a name that ${what} and never did is a fault of the configuration, at once`, {
    timeout,
  }, async (t) => {
    const names = new Names()
    names.answer = answer
    const asked: FailureContext[] = []
    const pool = openPool(t, {
      host: 'db',
      port: 1,
      lookup: names.lookup,
      backoff: { initialMs: 5_000, jitter: 0 },
      classify: (_error, context) => {
        asked.push(context)
        return undefined
      },
    })
    await assert.rejects(pool.acquire(), { code: 'ERR_CONNECT_FAILED' })
    await assert.rejects(pool.acquire(), { code: 'ERR_CONNECT_FAILED' })
    assert.equal(pool.stats().connectFailures.config, 1)
    assert.deepEqual(asked, [{ phase: 'lookup', address: 'db:1' }])
    assert.equal(names.asked, 1, 'no storm')
  })
}

test('dials share a lookup, and what it answered while that holds', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const names = new Names()
  const pool = poolOn(t, server, names, { min: 8, max: 10, maxConnecting: 8 })
  await pool.ready()
  assert.equal(names.asked, 1)
})

test('a ttl is heeded from 1 s to 5 minutes, and 30 s are assumed where there is none', {
  timeout,
}, async (t) => {
  for (const [ttl, ms] of [
    [0, 1_000],
    [20, 20_000],
    [undefined, 30_000],
    [86_400, 300_000],
  ] as const) {
    await using server = await RudeServer.start()
    const clock = new ManualClock()
    const names = new Names()
    names.answer = [{ address: '127.0.0.1', ttl }]
    const pool = poolOn(t, server, names, { clock })
    await destroyOne(pool)
    await clock.pass(ms - 1)
    await destroyOne(pool)
    assert.equal(names.asked, 1, `it holds for ${ms} ms`)
    await clock.pass(1)
    await destroyOne(pool)
    assert.equal(names.asked, 2, `it holds for no more than ${ms} ms`)
    await pool.close()
    assert.equal(clock.timers, 0)
  }
})

test('while connections are open it is resolved anew before it is out of date, by a timer that holds nothing', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  const names = new Names()
  names.answer = [{ address: '127.0.0.1', ttl: 10 }]
  const pool = poolOn(t, server, names, { clock, min: 1, idleTimeoutMs: Infinity })
  await pool.ready()
  for (let count = 1; count < 4; count++) {
    await clock.pass(7_999)
    assert.equal(names.asked, count)
    await clock.pass(1)
    assert.equal(names.asked, count + 1)
  }
  assert.equal(clock.heldTimers, 0)
})

test('while nothing is open nobody asks; the next dial does, and then it goes on', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  const names = new Names()
  names.answer = [{ address: '127.0.0.1', ttl: 10 }]
  const pool = poolOn(t, server, names, { clock })
  await destroyOne(pool)
  await clock.pass(9_000)
  assert.equal(names.asked, 1)
  const lease = await pool.acquire()
  assert.equal(names.asked, 1, 'the answer held still')
  await clock.pass(1)
  assert.equal(names.asked, 2, 'and was due')
  await clock.pass(8_000)
  assert.equal(names.asked, 3)
  lease.release()
})

for (const [how, answer] of Object.entries({
  fails: new Error('SERVFAIL'),
  'says that there is no such name': Object.assign(new Error('gone'), { code: 'ENOTFOUND' }),
  'answers nothing': 'nothing' as const,
})) {
  test(`when the resolver ${how}, the addresses that are known go on to be used`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start()
    const clock = new ManualClock()
    const names = new Names()
    const pool = poolOn(t, server, names, { clock, createTimeoutMs: 5_000 })
    await destroyOne(pool)
    names.answer = answer
    await clock.pass(40_000)
    const lease = pool.acquire()
    await clock.pass(1_000)
    ;(await lease).release()
    assert.equal(sum(pool.stats().connectFailures), 0)
  })
}

test('while the resolver hangs, not every dial waits for it', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  const names = new Names()
  const pool = poolOn(t, server, names, { clock })
  await destroyOne(pool)
  names.answer = 'nothing'
  await clock.pass(40_000)
  const first = pool.acquire()
  await clock.pass(1_000)
  ;(await first).destroy()
  await destroyOne(pool) // No time passes.
})

test('a resolver that fails is asked again after 1 s, 2 s, 4 s and so on, to 30 s', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  const names = new Names()
  const pool = poolOn(t, server, names, { clock, min: 1, idleTimeoutMs: Infinity })
  await pool.ready()
  names.answer = new Error('SERVFAIL')
  await clock.pass(24_000)
  let asked = 2
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    assert.equal(names.asked, asked)
    await clock.pass(seconds * 1_000 - 1)
    assert.equal(names.asked, asked)
    await clock.pass(1)
    assert.equal(names.asked, ++asked)
  }
  names.answer = '127.0.0.1'
  await clock.pass(30_000)
  await clock.pass(24_000)
  assert.equal(names.asked, asked + 2, 'and then as ever')
})

test('a first lookup that hangs ends with lookupTimeoutMs, or with createTimeoutMs; the next asks anew', {
  timeout,
}, async (t) => {
  for (const [options, message] of [
    [{ lookupTimeoutMs: 100 }, /db:\d+ was not resolved within 100 ms/],
    [
      { createTimeoutMs: 100 },
      /db:\d+ was not resolved within 100 ms|resolving db:\d+ was under way/,
    ],
  ] as const) {
    await using server = await RudeServer.start()
    const clock = new ManualClock()
    const names = new Names()
    names.answer = 'nothing'
    const pool = poolOn(t, server, names, {
      clock,
      ...options,
      backoff: { ...oneFailure, initialMs: 50 },
    })
    const refused = assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
      assert.match(String(error.cause), message)
      return true
    })
    await clock.pass(100)
    await refused
    names.answer = '127.0.0.1'
    await clock.pass(50)
    await acquireAndRelease(pool)
    assert.equal(names.asked, 2)
  }
})

test('a lookup that calls back late, twice, or throws does no harm', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  let late = (): void => {}
  let calls = 0
  const lookup: Lookup = (_host, _query, callback) => {
    calls++
    if (calls === 1) throw new Error('unprepared')
    callback(null, '127.0.0.1')
    callback(new Error('twice'), '')
    late = () => callback(null, '127.0.0.9')
  }
  const backoff = { initialMs: 1, jitter: 0, failFastAfter: Infinity }
  const pool = openPool(t, { host: 'db', port: server.port, lookup, backoff })
  await acquireAndRelease(pool)
  late()
  await turns(2)
  assert.equal(pool.stats().connectFailures.backend, 1)
  assert.equal(pool.stats().opened, 1)
})

test('refresh() of a pool without a name has nothing to do, until it is closed', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port })
  await pool.refresh()
  await acquireAndRelease(pool)
  await pool.refresh()
  assert.equal(pool.stats().open, 1)
  await pool.close()
  await assert.rejects(pool.refresh(), { code: 'ERR_POOL_CLOSED' })
})

test('the request that calls refresh() is not the one that resolves from then on', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const manual = new ManualClock()
  // As the system's timers do, it rings in the context in which it was set.
  const clock: Clock = {
    now: () => manual.now(),
    setTimeout: (wake, ms) => manual.setTimeout(AsyncResource.bind(wake), ms),
  }
  const request = new AsyncLocalStorage<string>()
  const stores: (string | undefined)[] = []
  const lookup: Lookup = async () => {
    stores.push(request.getStore())
    return '127.0.0.1'
  }
  const pool = openPool(t, { host: 'db', port: server.port, lookup, clock })
  await destroyOne(pool)
  await manual.pass(24_000) // With nothing open, the timer is not set anew.
  await request.run('request', () => pool.refresh())
  const lease = await pool.acquire()
  await manual.pass(24_000)
  lease.release()
  assert.deepEqual(stores, [undefined, 'request', undefined])
})

test('refresh() does not take the answer of a lookup that began before it', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const answers: ((address: string) => void)[] = []
  const lookup: Lookup = () => new Promise((resolve) => answers.push(resolve))
  const pool = openPool(t, { host: 'db', port: server.port, lookup })
  const acquired = pool.acquire()
  await turns(2)
  const refreshed = pool.refresh()
  answers[0]?.('127.0.0.1')
  ;(await acquired).release()
  await turns(2)
  assert.equal(answers.length, 2)
  answers[1]?.('127.0.0.1')
  await refreshed
})

test('refresh() rejects with what the resolver says, and of a closed pool with ERR_POOL_CLOSED', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const names = new Names()
  const pool = poolOn(t, server, names, { min: 1 })
  await pool.ready()
  const trouble = new Error('SERVFAIL')
  names.answer = trouble
  await assert.rejects(pool.refresh(), trouble)
  assert.equal(pool.stats().open, 1)
  await pool.close()
  await assert.rejects(pool.refresh(), { code: 'ERR_POOL_CLOSED' })
})

test('close() ends a lookup that hangs, and leaves no timer of it', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  const names = new Names()
  const pool = poolOn(t, server, names, { clock })
  await destroyOne(pool)
  await clock.pass(40_000) // What it knows is out of date.
  names.answer = 'nothing'
  const refreshed = assert.rejects(pool.refresh(), { code: 'ERR_POOL_CLOSED' })
  const refused = assert.rejects(pool.acquire(), { code: 'ERR_POOL_CLOSED' })
  await turns(3)
  await pool.close()
  assert.equal(clock.timers, 0)
  await Promise.all([refreshed, refused])
})

function poolOn(t: TestContext, server: RudeServer, names: Names, options: Partial<OpenOptions>) {
  return openPool(t, { host: 'db', port: server.port, lookup: names.lookup, ...options })
}

async function acquireAndRelease(pool: ReturnType<typeof openPool>): Promise<void> {
  const lease = await pool.acquire()
  lease.release()
}

/** Has one connection dialled, and leaves none. */
async function destroyOne(pool: ReturnType<typeof openPool>): Promise<void> {
  const lease = await pool.acquire()
  lease.destroy()
  await turns(3)
}

function sum(counts: object): number {
  return Object.values(counts).reduce((total, count) => total + count, 0)
}
