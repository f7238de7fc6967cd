import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FailureClass } from '../../src/core/backoff.ts'
import type { PoolError } from '../../src/pool/errors.ts'
import {
  assertSums,
  assertWhole,
  type Fixture,
  fixture,
  outcome,
  parked,
  rejection,
  settled,
} from './support/fixture.ts'

type Refused = PoolError & { readonly retryInMs: number }

const down = new Error('connect ECONNREFUSED 127.0.0.1:1')
const backoff = { initialMs: 100, factor: 2, maxMs: 5_000, jitter: 0, failFastAfter: 3 }

/** A pool whose backend is down, from the beginning or from when `source` is told so. */
function failing(failureClass: FailureClass, options: Parameters<typeof fixture>[0] = {}): Fixture {
  const made = fixture({ classify: () => failureClass, backoff, ...options })
  made.source.behave('create', () => Promise.reject(down))
  return made
}

describe('a backend that is down when the pool is made, with nothing open', () => {
  test('config: acquires are refused with the first failure, and until a trial succeeds', async () => {
    const made = failing('config')
    const { pool, source, clock } = made
    const [first, second] = [rejection<Refused>(pool.acquire()), rejection<Refused>(pool.acquire())]
    const error = await first
    assert.equal(error.code, 'ERR_CONNECT_FAILED')
    assert.equal(error.name, 'ConnectFailedError')
    assert.equal(error.pool, 'test')
    assert.equal(error.cause, down)
    assert.equal(error.retryInMs, 100)
    assert.equal(
      error.message,
      'test: connecting fails and will not mend by itself: ' +
        'connect ECONNREFUSED 127.0.0.1:1; next trial in 100 ms',
    )
    assert.equal(error.stats?.connectFailures.config, source.calls('create').length)
    assert.equal((await second).code, 'ERR_CONNECT_FAILED')
    assert.equal(pool.stats().unavailable, true)
    await clock.pass(60)
    assert.equal((await rejection<Refused>(pool.acquire())).retryInMs, 40)
    source.behave('create', 'succeed')
    await clock.pass(40)
    ;(await pool.acquire()).release()
    assert.equal(pool.stats().unavailable, false)
    assert.deepEqual([pool.stats().failed, pool.stats().refused], [3, 0])
    await assertWhole(made)
  })

  for (const failureClass of ['local', 'overload'] as const) {
    test(`${failureClass}: acquires wait to their deadline, with the failure as cause`, async () => {
      const made = failing(failureClass)
      const { pool, source, clock } = made
      const acquired = rejection<Refused>(pool.acquire({ timeoutMs: 10_000 }))
      const patient = pool.acquire({ timeoutMs: 30_000 })
      await clock.pass(9_999)
      assert.equal(await outcome(patient), 'pending')
      await clock.pass(1)
      const error = await acquired
      assert.equal(error.code, 'ERR_ACQUIRE_TIMEOUT')
      assert.equal(error.cause, down)
      assert.match(error.message, /^test: no connection within 10000 ms \(0 in use, 0 idle, /)
      assert.equal(pool.stats().unavailable, false)
      assert.equal(pool.stats().connectFailures[failureClass], source.calls('create').length)
      source.behave('create', 'succeed')
      await clock.pass(5_000)
      ;(await patient).release()
      await assertWhole(made)
    })
  }

  test('backend: acquires wait, and are refused after failFastAfter failures in a row', async () => {
    const made = failing('backend')
    const { pool, source, clock } = made
    const acquired = rejection<Refused>(pool.acquire())
    await clock.pass(100)
    assert.equal(source.calls('create').length, 2)
    assert.equal(pool.stats().waiting, 1)
    await clock.pass(200)
    const error = await acquired
    assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
    assert.equal(error.cause, down)
    assert.equal(error.retryInMs, 400)
    assert.equal(
      error.message,
      'test: the backend failed 3 times in a row, last: connect ECONNREFUSED 127.0.0.1:1; ' +
        'next trial in 400 ms',
    )
    assert.equal(error.stats?.unavailable, true)
    await clock.pass(399)
    assert.equal((await rejection<Refused>(pool.acquire())).retryInMs, 1)
    source.behave('create', 'hold')
    await clock.pass(1)
    const trial = pool.acquire()
    const queued = pool.acquire()
    assert.equal(await outcome(queued), 'pending', 'during a trial acquires queue')
    assert.equal(source.held('create').length, 1, 'one trial at a time')
    source.behave('create', 'succeed')
    source.held('create')[0]?.succeed()
    ;(await trial).release()
    ;(await queued).release()
    assert.equal(pool.stats().unavailable, false)
    await assertWhole(made)
  })

  test('nobody who waits holds a trial back, and nobody waits for one that is not owed', async () => {
    const { pool, source, clock } = failing('backend', { min: 1 })
    await clock.pass(0)
    assert.equal(source.calls('create').length, 1)
    await clock.pass(100 + 200 + 400)
    assert.equal(source.calls('create').length, 4, 'min is owed, one trial a step')
    await pool.close()
    const idle = failing('backend')
    const refused = rejection(idle.pool.acquire({ timeoutMs: 50 }))
    await idle.clock.pass(60_000)
    await refused
    assert.equal(idle.source.calls('create').length, 1, 'nothing is owed')
    await idle.pool.close()
  })
})

describe('a backend that fails while something is open', () => {
  for (const failureClass of ['config', 'local', 'overload', 'backend'] as const) {
    test(`${failureClass}: those who wait keep waiting, and are served by a release`, async () => {
      const made = await parked(1, { max: 3, classify: () => failureClass, backoff })
      const { pool, source, clock } = made
      const lease = await pool.acquire()
      source.behave('create', () => Promise.reject(down))
      const waiting = pool.acquire({ timeoutMs: 8_000 })
      const impatient = rejection<Refused>(pool.acquire({ timeoutMs: 5_000 }))
      await clock.pass(5_000)
      const error = await impatient
      assert.equal(error.code, 'ERR_ACQUIRE_TIMEOUT')
      assert.equal(error.cause, down)
      assert.equal(pool.stats().unavailable, false)
      assert.ok(pool.stats().connectFailures[failureClass] >= 5)
      lease.release()
      ;(await waiting).release()
      await assertWhole(made)
    })

    test(`${failureClass}: when the last one goes, those who wait are asked about anew`, async () => {
      const made = await parked(1, { max: 2, classify: () => failureClass, backoff })
      const { pool, source, clock } = made
      const lease = await pool.acquire()
      source.behave('create', () => Promise.reject(down))
      const waiting = rejection<Refused>(pool.acquire({ timeoutMs: 60_000 }))
      await clock.pass(3_000)
      lease.destroy()
      const doomed = { config: 'ERR_CONNECT_FAILED', backend: 'ERR_POOL_UNAVAILABLE' }
      if (failureClass === 'config' || failureClass === 'backend') {
        assert.equal((await waiting).code, doomed[failureClass])
      } else {
        await clock.pass(57_000)
        assert.equal((await waiting).code, 'ERR_ACQUIRE_TIMEOUT')
      }
      await assertWhole(made)
    })
  }
})

test('errors of the system and of TLS have a class of their own; what nobody knows is the backend’s', async () => {
  const classes: [string, FailureClass][] = [
    ['ENOTFOUND', 'config'],
    ['EMFILE', 'local'],
    ['ENFILE', 'local'],
    ['EADDRNOTAVAIL', 'local'],
    ['ENOBUFS', 'local'],
    ['CERT_HAS_EXPIRED', 'config'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'config'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'config'],
    // The same alert, as OpenSSL 3.0 and 3.5 name it.
    ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'config'],
    ['ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE', 'config'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'config'],
    ['ERR_SSL_TLSV1_UNRECOGNIZED_NAME', 'config'],
    ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'config'],
    ['ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR', 'backend'],
    ['ERR_SSL_DECRYPTION_FAILED_OR_BAD_RECORD_MAC', 'backend'],
    ['ECONNREFUSED', 'backend'],
    ['ETIMEDOUT', 'backend'],
    ['toString', 'backend'],
    ['constructor', 'backend'],
  ]
  for (const [code, failureClass] of classes) {
    for (const classify of [undefined, () => undefined]) {
      const { pool, source, clock } = fixture({ ...(classify !== undefined && { classify }) })
      source.behave('create', () => Promise.reject(Object.assign(new Error(code), { code })))
      const acquired = rejection(pool.acquire({ timeoutMs: 1 }))
      await settled()
      assert.equal(pool.stats().connectFailures[failureClass], 1, code)
      await clock.pass(1)
      await acquired
      await pool.close()
    }
  }
})

test('a caller that retries at once on every refusal does not starve the trial', async () => {
  const { pool, source, clock } = failing('config')
  let refusals = 0
  let served = false
  const caller = (async () => {
    while (!served) {
      try {
        ;(await pool.acquire()).release()
        served = true
      } catch {
        refusals++
      }
    }
  })()
  // Were refusals settled in microtasks, no immediate would ever come.
  for (let turn = 0; turn < 50; turn++) await settled()
  assert.ok(refusals >= 50 && refusals < 2_000)
  assert.equal(source.calls('create').length, 1)
  source.behave('create', 'succeed')
  await clock.pass(100)
  await caller
  assert.equal(source.calls('create').length, 2)
  assertSums(pool.stats())
  await pool.close()
})

test('a connection that dies before its first clean release is a failed dial', async () => {
  const { pool, source, clock } = fixture({ backoff: { ...backoff, failFastAfter: 1 } })
  const lease = await pool.acquire()
  lease.connection.die(down)
  lease.release()
  const error = await rejection<Refused>(pool.acquire())
  assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
  assert.equal(error.cause, down)
  await clock.pass(100)
  const second = await pool.acquire()
  second.connection.die()
  second.release()
  const silent = await rejection<Refused>(pool.acquire())
  assert.match(
    silent.message,
    /^test: the backend failed 2 times in a row, last: test: connection 2 failed before its first release \(died\); next trial in 200 ms$/,
  )
  assert.equal(source.calls('create').length, 2)
  await pool.close()
})

test('a clean release, or a second of life, ends the trouble; opening alone does not', async () => {
  for (const how of ['release', 'life'] as const) {
    const { pool, source, clock } = failing('backend', { max: 1 })
    const acquired = pool.acquire()
    await clock.pass(0)
    source.behave('create', 'succeed')
    await clock.pass(100)
    const lease = await acquired
    if (how === 'life') await clock.pass(1_000)
    else {
      lease.release()
      await settled()
    }
    // Cured, the next failure counts from one again.
    pool.invalidate()
    if (how === 'life') lease.release()
    source.behave('create', () => Promise.reject(down))
    const refused = rejection<Refused>(pool.acquire())
    await clock.pass(100 + 200)
    assert.match((await refused).message, /failed 3 times in a row/)
    await pool.close()
  }
})

test('the retry hint is a whole number of ms, also when the delay is not', async () => {
  const made = failing('config', { backoff: { ...backoff, jitter: 1 }, random: () => 0.123_45 })
  const error = await rejection<Refused>(made.pool.acquire())
  assert.equal(error.retryInMs, 88)
  await made.pool.close()
})

test('a refusal tells how things stood then, though others were turned away in the same turn', async () => {
  const { pool, source } = fixture({ max: 1 })
  source.behave('create', () => {
    throw Object.assign(new Error('no such host'), { code: 'ENOTFOUND' })
  })
  await rejection(pool.acquire())
  pool.pause()
  const waiting = rejection<PoolError>(pool.acquire())
  const hasty = rejection<PoolError>(pool.acquire({ timeoutMs: 0 }))
  pool.resume()
  const errors = [await hasty, await waiting]
  assert.deepEqual(
    errors.map(({ code, stats }) => [code, stats?.paused]),
    [
      ['ERR_ACQUIRE_TIMEOUT', true],
      ['ERR_CONNECT_FAILED', false],
    ],
  )
  await pool.close()
})

test('a timeout tells how things stood then, though others timed out in the same turn', async () => {
  const { pool, clock } = await parked(1, { max: 1 })
  const lease = await pool.acquire()
  const late = [50, 100].map((timeoutMs) => rejection<PoolError>(pool.acquire({ timeoutMs })))
  await settled()
  clock.advance(100)
  const waiting = (await Promise.all(late)).map(({ stats }) => stats?.waiting)
  assert.deepEqual(waiting, [1, 0])
  lease.release()
  await pool.close()
})

test('a timeout names the dial that failed last, though others timed out before it in the same turn', async () => {
  const { pool, clock } = await parked(2, { max: 3 })
  const [first, second, young] = [await pool.acquire(), await pool.acquire(), await pool.acquire()]
  const early = rejection<PoolError>(pool.acquire({ timeoutMs: 10 }))
  const patient = pool.acquire()
  const late = rejection<PoolError>(pool.acquire({ timeoutMs: 10 }))
  await settled()
  clock.now = () => 20 // Its alarm has not rung yet.
  first.release()
  young.connection.die(down)
  second.release()
  assert.deepEqual([(await early).cause, (await late).cause], [undefined, down])
  young.release()
  ;(await patient).release()
  await pool.close()
})

test('a timeout names no cause when dials are in order again', async () => {
  const { pool, source, clock } = failing('backend', { max: 1 })
  const acquired = pool.acquire()
  await clock.pass(50)
  source.behave('create', 'succeed')
  await clock.pass(50)
  ;(await acquired).release()
  const lease = await pool.acquire()
  const refused = rejection<Refused>(pool.acquire({ timeoutMs: 10 }))
  await clock.pass(10)
  assert.equal((await refused).cause, undefined)
  lease.release()
  await pool.close()
})

test('a failure without an error is told for what it is', async () => {
  const ways: [RegExp, (made: Fixture) => void][] = [
    [
      /^test: create\(\) gave no error$/,
      ({ source }) => source.behave('create', () => Promise.reject()),
    ],
    [
      /^test: a connection died while it was opened$/,
      ({ source }) => source.behave('create', ({ connection }) => connection.die()),
    ],
    [
      /^test: no connection was opened within 100 ms$/,
      ({ source }) => source.behave('create', () => new Promise(() => {})),
    ],
  ]
  for (const [message, fail] of ways) {
    const made = fixture({ createTimeoutMs: 100 })
    fail(made)
    const error = rejection<Refused>(made.pool.acquire({ timeoutMs: 150 }))
    await made.clock.pass(150)
    assert.match(String(((await error).cause as Error).message), message)
    const closed = made.pool.close()
    await made.clock.pass(5_000)
    await closed
  }
})
