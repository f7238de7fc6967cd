import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CloseTimeoutError } from '../../src/pool/errors.ts'
import { pools } from '../../src/pool/registry.ts'
import { assertSums, fixture, outcome, parked, rejection, settled } from './support/fixture.ts'

describe('close', () => {
  test('refuses those who wait and those who come, at the end of the turn', async () => {
    const { pool } = await parked(1, { max: 1 })
    const lease = await pool.acquire()
    const waiting = rejection<{ code: string; message: string; stats: object }>(pool.acquire())
    const ready = rejection<{ code: string }>(
      fixture()
        .pool.close()
        .then(() => pool.ready()),
    )
    const closed = pool.close()
    let told = false
    void waiting.then(() => {
      told = true
    })
    for (let hop = 0; hop < 10; hop++) await null
    assert.equal(told, false)
    const error = await waiting
    assert.equal(error.code, 'ERR_POOL_CLOSED')
    assert.equal(error.message, 'test: the pool is closed')
    assert.ok(Object.isFrozen(error.stats))
    assert.equal((await rejection<{ code: string }>(pool.acquire())).code, 'ERR_POOL_CLOSED')
    assert.equal((await ready).code, 'ERR_POOL_CLOSED')
    assert.equal(pool.tryAcquire(), null)
    lease.release()
    await closed
    assert.equal((await rejection<{ code: string }>(pool.acquire())).code, 'ERR_POOL_CLOSED')
    assert.equal((await rejection<{ code: string }>(pool.ready())).code, 'ERR_POOL_CLOSED')
    assert.equal((await rejection<{ code: string }>(pool.use(() => {}))).code, 'ERR_POOL_CLOSED')
    assert.deepEqual([pool.stats().refused, pool.stats().waiting], [4, 0])
    assertSums(pool.stats())
  })

  test('rejects those who wait for ready', async () => {
    const { pool, source } = fixture({ min: 1 })
    source.behave('create', 'hold')
    const ready = rejection<{ code: string }>(pool.ready())
    await settled()
    const closed = pool.close()
    source.held('create')[0]?.succeed()
    assert.equal((await ready).code, 'ERR_POOL_CLOSED')
    await closed
  })

  test('while dialling aborts the dial, waits for it, and closes what comes too late', async () => {
    const { pool, source } = fixture()
    source.behave('create', 'hold')
    const acquired = rejection(pool.acquire())
    await settled()
    const closed = pool.close()
    const [call] = source.held('create')
    assert.equal(call?.signal?.aborted, true)
    await acquired
    assert.equal(await outcome(closed), 'pending')
    call?.succeed()
    await closed
    assert.equal(call?.connection.reason, 'excess')
    assert.equal(pool.stats().opened, 1)
    assertSums(pool.stats())
  })

  test('while dialling waits destroyTimeoutMs at most', async () => {
    const { pool, source, clock } = fixture({ destroyTimeoutMs: 100 })
    source.behave('create', 'hold')
    const acquired = rejection(pool.acquire())
    await settled()
    const closed = pool.close()
    await acquired
    await clock.pass(100)
    await closed
    source.held('create')[0]?.succeed()
    await settled()
    assert.equal(source.connections[0]?.reason, 'excess')
    assertSums(pool.stats())
    assert.equal(clock.timers, 0)
  })

  for (const verb of ['probe', 'reset'] as const) {
    test(`during a ${verb} closes the connection now, and heeds no late answer`, async () => {
      const made = await parked(1, { max: 1, probes: true, resets: true, probeAfterIdleMs: 0 })
      const { pool, source } = made
      source.behave(verb, 'hold')
      const acquired = pool.acquire()
      const refused = verb === 'probe' ? rejection(acquired) : null
      if (refused === null) (await acquired).release()
      await settled()
      const [call] = source.held(verb)
      const closed = pool.close()
      assert.equal(call?.signal?.aborted, true)
      assert.equal(call?.connection.reason, 'shutdown')
      await closed
      await refused
      call?.succeed()
      await settled()
      assertSums(pool.stats())
    })
  }

  test('of a pool with idle connections waits until they are destroyed', async () => {
    const { pool, source } = await parked(2)
    source.behave('destroy', 'hold')
    const closed = pool.close()
    assert.equal(await outcome(closed), 'pending')
    for (const call of source.held('destroy')) call.succeed()
    await closed
    assert.equal(pool.stats().closed.shutdown, 2)
  })

  test('waits for the leases, and tells their holders', async () => {
    const { pool, clock } = await parked(1)
    const lease = await pool.acquire()
    const closed = pool.close({ graceMs: 100 })
    assert.match(lease.signal.reason.message, /is to be given back \(shutdown\)/)
    await clock.pass(99)
    assert.equal(await outcome(closed), 'pending')
    assert.equal(lease.connection.state, 'open')
    lease.release()
    await closed
    assert.equal(pool.stats().closeTimeouts, 0)
    assert.equal(clock.timers, 0)
  })

  test('takes the connections away after the grace, and says from whom', async () => {
    const { pool, clock, source } = await parked(2)
    const first = await pool.acquire()
    await clock.pass(40)
    const second = await pool.acquire()
    const closed = rejection<CloseTimeoutError>(pool.close({ graceMs: 100 }))
    await clock.pass(100)
    const error = await closed
    assert.equal(error.code, 'ERR_CLOSE_TIMEOUT')
    assert.equal(
      error.message,
      'test: 2 leases were not given back in time, and destroyed: connection 2, connection 1',
    )
    assert.deepEqual(error.holders, [
      { connectionId: first.info.id, heldMs: 140 },
      { connectionId: second.info.id, heldMs: 100 },
    ])
    assert.equal(error.stats?.inUse, 2)
    assert.equal(pool.stats().closeTimeouts, 1)
    assert.deepEqual([pool.stats().open, source.open.length], [0, 0])
    first.release()
    second.destroy()
    assertSums(pool.stats())
    assert.equal(clock.timers, 0)
  })

  test('has closeGraceMs where it is given no grace, and no end with Infinity', async () => {
    const short = await parked(1, { closeGraceMs: 50 })
    await short.pool.acquire()
    const closed = rejection<CloseTimeoutError>(short.pool.close())
    await short.clock.pass(50)
    assert.equal((await closed).code, 'ERR_CLOSE_TIMEOUT')
    const long = await parked(1)
    const lease = await long.pool.acquire()
    const waits = long.pool.close({ graceMs: Infinity })
    await long.clock.pass(2 ** 33)
    assert.equal(await outcome(waits), 'pending')
    lease.release()
    await waits
  })

  test('again is the same promise; a shorter grace shortens it, a longer one changes nothing', async () => {
    const { pool, clock } = await parked(1)
    await pool.acquire()
    const closed = pool.close({ graceMs: 1_000 })
    assert.equal(pool.close(), closed)
    assert.equal(pool.close({ graceMs: 5_000 }), closed)
    assert.equal(pool.close({ graceMs: 100 }), closed)
    const refused = rejection<CloseTimeoutError>(closed)
    await clock.pass(100)
    assert.equal((await refused).code, 'ERR_CLOSE_TIMEOUT')
    assert.equal(pool.close(), closed)
    assert.equal(pool.close({ graceMs: 0 }), closed)
    assert.equal(pool.stats().closeTimeouts, 1)
  })

  test('again without a grace leaves the first one as it is', async () => {
    const { pool, clock } = await parked(1, { closeGraceMs: 100 })
    const lease = await pool.acquire()
    const closed = pool.close({ graceMs: 5_000 })
    void pool.close()
    await clock.pass(1_000)
    assert.equal(await outcome(closed), 'pending')
    lease.release()
    await closed
  })

  test('with a grace that cannot be closes nothing', async () => {
    const { pool } = await parked(1)
    for (const graceMs of [-1, Number.NaN, '5'] as number[]) {
      assert.equal(await outcome(pool.close({ graceMs })), 'ERR_INVALID_OPTION')
    }
    assert.equal(await outcome(pool.close({ grace: 1 } as object)), 'ERR_INVALID_OPTION')
    ;(await pool.acquire()).release()
    await pool.close()
  })

  test('of a pool that has done nothing yet dials nothing, though it has a min', async () => {
    const { pool, source } = fixture({ min: 3 })
    await pool.close()
    await settled()
    assert.equal(source.calls('create').length, 0)
  })

  test('of a paused pool, of one in a delay, and of one that is probing in the background', async () => {
    const paused = await parked(1)
    paused.pool.pause()
    await paused.pool.close()
    assert.equal(paused.pool.stats().paused, false)
    const failing = fixture({ min: 1 })
    failing.source.behave('create', () => Promise.reject(new Error('down')))
    await settled()
    await failing.pool.close()
    assert.equal(failing.clock.timers, 0)
    const probing = await parked(1, { probes: true, probeEveryMs: 50 })
    probing.source.behave('probe', 'hold')
    await probing.clock.pass(50)
    await probing.pool.close()
    assert.equal(probing.clock.timers, 0)
  })

  test('leaves nothing that steering could wake', async () => {
    const { pool, source, clock } = await parked(1)
    await pool.close()
    pool.resize({ min: 2, max: 4 })
    pool.invalidate()
    pool.pause()
    pool.resume()
    await clock.pass(60_000)
    assert.equal(source.calls('create').length, 1)
    assert.equal(pool.stats().paused, false)
    assert.equal(clock.timers, 0)
  })

  test('is what the end of an `await using` block does', async () => {
    const { pool } = await parked(1)
    await (async () => {
      await using _pool = pool
    })()
    assert.equal(await outcome(pool.acquire()), 'ERR_POOL_CLOSED')
  })

  test('drains: the event comes once, when the last connection is gone', async () => {
    const { pool, source } = await parked(1)
    let drained = 0
    pool.on('drain', () => drained++)
    source.behave('destroy', 'hold')
    const closed = pool.close()
    assert.equal(drained, 0)
    source.held('destroy')[0]?.succeed()
    await closed
    assert.equal(drained, 1)
  })
})

test('pools() lists the living pools, oldest first; a closed one leaves it once it is empty', async () => {
  const before = pools().length
  const [first, second] = [fixture().pool, (await parked(1)).pool]
  assert.deepEqual(pools().slice(before), [first, second])
  const lease = await second.acquire()
  const closed = second.close()
  await first.close()
  assert.deepEqual(pools().slice(before), [second])
  lease.release()
  await closed
  assert.equal(pools().length, before)
})
