import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Lease } from '../../src/pool/lease.ts'
import { insideOf } from '../../src/pool/pool.ts'
import type { FakeConnection } from '../../src/testing/index.ts'
import {
  assertSums,
  assertWhole,
  fixture,
  outcome,
  parked,
  rejection,
  settled,
} from './support/fixture.ts'

describe('resize', () => {
  test('below what is lent closes the surplus as it comes back, and no other', async () => {
    const made = await parked(4, { max: 4 })
    const { pool } = made
    const leases: Lease<FakeConnection>[] = []
    for (let count = 0; count < 4; count++) leases.push(await pool.acquire())
    pool.resize({ max: 2 })
    assert.deepEqual([pool.stats().max, pool.stats().inUse], [2, 4])
    assert.equal(
      leases.some((lease) => lease.signal.aborted),
      false,
    )
    for (const lease of leases) lease.release()
    assert.deepEqual([pool.stats().idle, pool.stats().closed.resized], [2, 2])
    await assertWhole(made)
  })

  test('aborts surplus dials first, and closes idle ones then', async () => {
    const made = await parked(2, { max: 4 })
    const { pool, source } = made
    const first = await pool.acquire()
    source.behave('create', 'hold')
    const second = await pool.acquire()
    const waiting = [pool.acquire(), pool.acquire()]
    await settled()
    first.release()
    await settled()
    assert.deepEqual([pool.stats().inUse, pool.stats().connecting], [2, 2])
    pool.resize({ max: 3 })
    assert.equal(source.held('create').filter((call) => call.signal?.aborted).length, 1)
    pool.resize({ max: 2 })
    assert.equal(source.held('create').filter((call) => call.signal?.aborted).length, 2)
    assert.equal(pool.stats().open, 2)
    second.release()
    for (const acquired of waiting) (await acquired).release()
    await settled()
    pool.resize({ max: 1 })
    assert.deepEqual([pool.stats().open, pool.stats().closed.resized], [1, 1])
    await assertWhole(made)
  })

  test('upwards dials for those who wait, and for min', async () => {
    const made = await parked(1, { max: 1 })
    const { pool } = made
    const lease = await pool.acquire()
    const waiting = pool.acquire()
    pool.resize({ max: 4 })
    const next = await waiting
    assert.equal(next.info.id, 2)
    pool.resize({ min: 4 })
    await pool.ready()
    assert.equal(pool.stats().open, 4)
    lease.release()
    next.release()
    await assertWhole(made)
  })

  test('moves an unset maxIdle along, and caps a set one', async () => {
    const unset = await parked(4, { max: 4 })
    unset.pool.resize({ max: 8 })
    assert.equal(unset.pool.stats().idle, 4)
    await assertWhole(unset)
    const set = await parked(3, { max: 4, maxIdle: 3 })
    set.pool.resize({ max: 2 })
    assert.equal(set.pool.stats().idle, 2)
    set.pool.resize({ max: 4 })
    const leases = [await set.pool.acquire(), await set.pool.acquire()]
    leases.push(await set.pool.acquire(), await set.pool.acquire())
    for (const lease of leases) lease.release()
    await settled()
    assert.deepEqual([set.pool.stats().idle, set.pool.stats().closed.excess], [3, 1])
    await set.pool.close()
  })

  test('refuses what the options refuse, and then changes nothing', async () => {
    const { pool } = await parked(1, { min: 1, max: 4, maxIdle: 3 })
    const before = pool.stats()
    const bad: [object, RegExp][] = [
      [{ max: 0 }, /option "resize\.max" is 0; it must be a whole number of at least 1/],
      [{ min: -1 }, /option "resize\.min" is -1/],
      [{ min: 1.5 }, /option "resize\.min" is 1\.5/],
      [{ min: Infinity }, /option "resize\.min" is Infinity/],
      [{ max: '5' }, /option "resize\.max" is "5"/],
      [{ max: Number.NaN }, /option "resize\.max" is NaN/],
      [{ min: 5 }, /option "min" is 5, but "max" is 4; lower min or raise max/],
      [{ min: 4 }, /option "min" is 4, but "maxIdle" is 3/],
      [{ min: 3, max: 2 }, /option "min" is 3, but "max" is 2/],
      [{ maxIdle: 2 }, /option "resize\.maxIdle" is refused: there is no such option/],
      [[], /resize\(\) takes an object of min, max, not an array/],
    ]
    for (const [sizes, message] of bad) {
      assert.throws(() => pool.resize(sizes), { code: 'ERR_INVALID_OPTION', message })
    }
    const odd = pool as unknown as { resize(sizes: unknown): void } // On purpose.
    for (const sizes of [undefined, null, 5, 'max']) {
      assert.throws(() => odd.resize(sizes), { code: 'ERR_INVALID_OPTION' })
    }
    assert.deepEqual(pool.stats(), before)
    pool.resize({})
    assert.deepEqual(pool.stats(), before)
    await pool.close()
  })
})

describe('invalidate', () => {
  test('closes idle ones now, lent ones on release, and lets no dial in flight enter', async () => {
    const made = await parked(2, { max: 4 })
    const { pool, source } = made
    const lease = await pool.acquire()
    source.behave('create', 'hold')
    const other = await pool.acquire()
    const acquired = pool.acquire()
    await settled()
    other.release()
    await settled()
    const [call] = source.held('create')
    const why = new Error('password changed')
    const held = await acquired
    pool.invalidate(why)
    assert.equal(call?.signal?.aborted, true)
    assert.equal(lease.signal.aborted, true)
    source.behave('create', 'succeed')
    call?.succeed()
    await settled()
    assert.equal(call?.connection.reason, 'excess')
    lease.release()
    held.release()
    assert.equal(pool.stats().generation, 1)
    assert.deepEqual([pool.stats().open, pool.stats().closed.invalidated], [0, 2])
    assert.deepEqual(
      source.connections.slice(0, 2).map(({ error }) => error),
      [why, why],
    )
    await assertWhole(made)
  })

  for (const verb of ['probe', 'reset'] as const) {
    test(`during a ${verb} closes the connection now`, async () => {
      const made = await parked(1, { max: 1, probes: true, resets: true, probeAfterIdleMs: 0 })
      const { pool, source } = made
      source.behave(verb, 'hold')
      const acquired = pool.acquire()
      if (verb === 'reset') (await acquired).release()
      await settled()
      const [call] = source.held(verb)
      pool.invalidate()
      assert.equal(call?.signal?.aborted, true)
      assert.equal(call?.connection.reason, 'invalidated')
      call?.succeed()
      source.behave(verb, 'succeed')
      const lease = await (verb === 'probe' ? acquired : pool.acquire())
      assert.equal(lease.info.id, 2)
      lease.release()
      await settled()
      await assertWhole(made)
    })
  }

  test('serves those who wait with connections of the new generation, and keeps min', async () => {
    const made = await parked(1, { max: 1, min: 1 })
    const { pool } = made
    const lease = await pool.acquire()
    const waiting = pool.acquire()
    pool.invalidate()
    pool.invalidate()
    assert.equal(pool.stats().generation, 2)
    lease.release()
    const next = await waiting
    assert.equal(next.info.id, 2)
    next.release()
    await assertWhole(made)
  })

  test('while connections are destroyed changes nothing for them', async () => {
    const made = await parked(1, { max: 1 })
    const { pool, source } = made
    source.behave('destroy', 'hold')
    pool.tryAcquire()?.destroy()
    pool.invalidate()
    source.held('destroy')[0]?.succeed()
    await settled()
    assert.deepEqual([pool.stats().closed.destroyed, pool.stats().closed.invalidated], [1, 0])
    await assertWhole(made)
  })
})

describe('pause', () => {
  test('lends nothing and dials nothing, not for min either; resume serves in order', async () => {
    const made = await parked(2, { max: 2, min: 2 })
    const { pool, source } = made
    const order: number[] = []
    pool.pause()
    assert.equal(pool.stats().paused, true)
    const waiting = [1, 2, 3].map(async (place) => {
      const lease = await pool.acquire()
      order.push(place)
      return lease
    })
    assert.equal(pool.tryAcquire(), null)
    source.connections[0]?.die()
    await settled()
    assert.deepEqual([pool.stats().waiting, source.calls('create').length], [3, 2])
    pool.resume()
    assert.equal(pool.stats().paused, false)
    for (const acquired of waiting) (await acquired).release()
    assert.deepEqual(order, [1, 2, 3])
    await assertWhole(made)
  })

  test('takes leases back, and a dial in flight ends idle', async () => {
    const made = fixture({ max: 2 })
    const { pool, source } = made
    const lease = await pool.acquire()
    source.behave('create', 'hold')
    const waiting = pool.acquire()
    await settled()
    pool.pause()
    source.held('create')[0]?.succeed()
    lease.release()
    await settled()
    assert.deepEqual([pool.stats().idle, pool.stats().waiting], [2, 1])
    pool.resume()
    ;(await waiting).release()
    await assertWhole(made)
  })

  test('lets deadlines run, and the timeout says that the pool is paused', async () => {
    const { pool, clock } = await parked(1)
    pool.pause()
    const acquired = rejection(pool.acquire({ timeoutMs: 50 }))
    await clock.pass(50)
    assert.match((await acquired).message, /1 idle, .*; paused\)$/)
    pool.resume()
    await pool.close()
  })

  test('retires no idle one that a waiter will be given', async () => {
    const { pool, clock } = await parked(2, { idleTimeoutMs: 100 })
    pool.pause()
    const waiting = pool.acquire({ timeoutMs: 1_000 })
    await clock.pass(200)
    assert.ok(pool.stats().idle >= 1)
    pool.resume()
    const lease = await waiting
    assert.ok(lease.info.id <= 2)
    lease.release()
    await pool.close()
  })

  test('twice and resume twice are once', async () => {
    const { pool } = await parked(1)
    pool.resume()
    pool.pause()
    pool.pause()
    pool.resume()
    pool.resume()
    ;(await pool.acquire()).release()
    await pool.close()
  })
})

describe('ready', () => {
  test('resolves when min stands, and at once without a min', async () => {
    await fixture().pool.ready()
    const { pool, source } = fixture({ min: 2 })
    source.behave('create', 'hold')
    const ready = pool.ready()
    await settled()
    source.held('create')[0]?.succeed()
    assert.equal(await outcome(ready), 'pending')
    source.held('create')[0]?.succeed()
    await ready
    assert.equal(pool.stats().idle, 2)
    assert.equal(pool.stats().acquires, 0, 'it is no acquire')
    await pool.ready()
    await pool.close()
  })

  test('rejects at its deadline, and says what stands', async () => {
    const { pool, source, clock } = fixture({ min: 3 })
    source.behave('create', () => {
      if (source.calls('create').length > 1) return new Promise(() => {})
      return undefined
    })
    const ready = rejection<Error & { code: string }>(pool.ready({ timeoutMs: 50 }))
    await clock.pass(50)
    const { code, message } = await ready
    assert.equal(code, 'ERR_ACQUIRE_TIMEOUT')
    assert.equal(
      message,
      'test: 1 of 3 connections stood within 50 ms (0 in use, 1 idle, 2 connecting, 0 waiting)',
    )
    assert.equal(pool.stats().timeouts, 0)
    source.behave('create', 'succeed')
    const closed = pool.close()
    await clock.pass(5_000)
    await closed
  })

  for (const [failureClass, code] of [
    ['config', 'ERR_CONNECT_FAILED'],
    ['backend', 'ERR_POOL_UNAVAILABLE'],
    ['local', 'ERR_ACQUIRE_TIMEOUT'],
    ['overload', 'ERR_ACQUIRE_TIMEOUT'],
  ] as const) {
    test(`rejects as an acquire would when dials fail with class ${failureClass}`, async () => {
      const down = new Error('down')
      const { pool, source, clock } = fixture({
        min: 1,
        classify: () => failureClass,
        backoff: { failFastAfter: 2 },
      })
      source.behave('create', () => Promise.reject(down))
      const ready = rejection<Error & { code: string }>(pool.ready({ timeoutMs: 1_000 }))
      await clock.pass(1_000)
      const error = await ready
      assert.equal(error.code, code)
      assert.equal(error.cause, down)
      await pool.close()
    })
  }

  test('counts what is being closed for none that stands', async () => {
    const { pool, source, clock } = await parked(1, { min: 1 })
    for (const verb of ['create', 'destroy'] as const) source.behave(verb, 'hold')
    pool.invalidate()
    const late = rejection(pool.ready({ timeoutMs: 10 }))
    await clock.pass(10)
    assert.match((await late).message, /^test: 0 of 1 connections stood within 10 ms/)
    for (const verb of ['create', 'destroy'] as const) {
      for (const call of source.held(verb)) call.succeed()
      source.behave(verb, 'succeed')
    }
    await pool.close()
  })

  test('refuses a timeout that cannot be', async () => {
    const { pool } = fixture()
    for (const timeoutMs of [-1, Number.NaN, '5'] as number[]) {
      assert.equal(await outcome(pool.ready({ timeoutMs })), 'ERR_INVALID_OPTION')
    }
    assert.equal(await outcome(pool.ready({ signal: 1 } as object)), 'ERR_INVALID_OPTION')
    await pool.close()
  })
})

test('everything at once loses nothing', async () => {
  const made = await parked(4, { max: 4, min: 1, probes: true, resets: true, probeAfterIdleMs: 0 })
  const { pool, source, clock } = made
  const acquired = Array.from({ length: 8 }, () => pool.acquire({ timeoutMs: 400 }))
  const ended = acquired.map(async (each, place) => {
    const lease = await each.catch(() => null)
    if (place % 3 === 0) lease?.connection.die()
    if (place % 3 === 1) lease?.destroy()
    else lease?.release()
  })
  pool.invalidate()
  pool.resize({ max: 2 })
  await clock.pass(10)
  pool.pause()
  source.connections.at(-1)?.die()
  await clock.pass(10)
  pool.invalidate()
  pool.resize({ min: 2, max: 5 })
  pool.resume()
  await clock.pass(2_000)
  await Promise.all(ended)
  assertSums(pool.stats())
  await assertWhole(made)
})

test('connections whose address left the name are replaced, each at a moment of its own', async () => {
  const { pool, clock } = await parked(2, { random: () => 0.5 })
  const asked: unknown[] = []
  const isMeant = (about: unknown, id: number) => {
    asked.push([about, id])
    return id === 2
  }
  insideOf(pool).readdress(isMeant, 100)
  assert.deepEqual(asked, [
    [{}, 1],
    [{}, 2],
  ])
  await clock.pass(49)
  assert.equal(pool.stats().idle, 2)
  await clock.pass(1)
  assert.deepEqual([pool.stats().idle, pool.stats().closed.readdressed], [1, 1])
  await pool.close()
})
