import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { fixture, parked, settled } from './support/fixture.ts'

const never = () => new Promise(() => {})

// Nothing else happens in these turns: at their end what came to rest is stamped, and the alarm set.
describe('a turn of the loop in which nothing happens but', () => {
  test('the making of a pool dials its min, and sets the alarm for when that takes too long', async () => {
    const { pool, source, clock } = fixture({ min: 1, createTimeoutMs: 100 })
    source.behave('create', never)
    await null // It does not wait for the end of the turn.
    assert.equal(source.calls('create').length, 1)
    await clock.pass(100)
    assert.deepEqual([source.calls('create').length, pool.stats().connectFailures.backend], [1, 1])
    const closed = pool.close()
    await clock.pass(5_000)
    await closed
  })

  test('an acquire that need not wait is the one from which the lease is counted', async () => {
    const { pool, clock } = await parked(1)
    const lease = pool.tryAcquire()
    await settled()
    clock.advance(50)
    assert.deepEqual(pool.leases(), [{ connectionId: 1, heldMs: 50 }])
    lease?.release()
    await pool.close()
  })

  test('an acquire that has to wait sets the alarm for its deadline', async () => {
    const { pool, clock } = await parked(1, { max: 1 })
    const lease = pool.tryAcquire()
    await settled()
    const refused = assert.rejects(pool.acquire({ timeoutMs: 100 }), {
      code: 'ERR_ACQUIRE_TIMEOUT',
    })
    await clock.pass(100)
    assert.equal(pool.stats().timeouts, 1)
    await refused
    lease?.release()
    await pool.close()
  })

  test('a release is the one from which the idle spell is counted', async () => {
    const { pool, clock } = fixture({ idleTimeoutMs: 100 })
    const lease = await pool.acquire()
    await settled()
    lease.release({})
    await clock.pass(99)
    assert.equal(pool.stats().idle, 1)
    await clock.pass(1)
    assert.equal(pool.stats().closed.idle, 1)
    await pool.close()
  })

  test('a destroy sets the alarm for when its place is given up', async () => {
    const { pool, source, clock } = fixture({ destroyTimeoutMs: 100 })
    source.behave('destroy', never)
    const lease = await pool.acquire()
    await settled()
    lease.destroy()
    await clock.pass(100)
    assert.equal(pool.stats().open, 0)
    await pool.close()
  })

  test('a resize sets the alarm for the dials that it causes', async () => {
    const { pool, source, clock } = fixture({ createTimeoutMs: 100 })
    await settled()
    source.behave('create', never)
    pool.resize({ min: 1 })
    await clock.pass(100)
    assert.equal(pool.stats().connectFailures.backend, 1)
    const closed = pool.close()
    await clock.pass(5_000)
    await closed
  })

  test('an invalidate sets the alarm for when the places of what it closes are given up', async () => {
    const { pool, source, clock } = await parked(1, { destroyTimeoutMs: 100 })
    source.behave('destroy', never)
    pool.invalidate()
    await clock.pass(100)
    assert.equal(pool.stats().open, 0)
    await pool.close()
  })

  test('a resume sets the alarm for the dials that it causes', async () => {
    const { pool, source, clock } = fixture({ createTimeoutMs: 100 })
    pool.pause()
    pool.resize({ min: 1 })
    await settled()
    source.behave('create', never)
    pool.resume()
    await clock.pass(100)
    assert.equal(pool.stats().connectFailures.backend, 1)
    const closed = pool.close()
    await clock.pass(5_000)
    await closed
  })

  test('a detach sets the alarm for the dial that takes its place', async () => {
    const { pool, source, clock } = fixture({ max: 1, createTimeoutMs: 100 })
    const lease = await pool.acquire()
    const refused = assert.rejects(pool.acquire(), { code: 'ERR_POOL_CLOSED' })
    await settled()
    source.behave('create', never)
    lease.detach()
    await clock.pass(100)
    assert.equal(pool.stats().connectFailures.backend, 1)
    const closed = pool.close()
    await clock.pass(5_000)
    await Promise.all([closed, refused])
  })
})
