import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { assertWhole, fixture, inTime, parked, settled } from './support/fixture.ts'

test('a lifetime of 1 ms closes connections as fast as they come back, and serves all the same', async () => {
  const made = fixture({ max: 2, min: 1, maxLifetimeMs: 1, lifetimeJitter: 0 })
  const { pool, clock, source } = made
  for (let round = 0; round < 20; round++) {
    const lease = await inTime(clock, pool.acquire())
    await clock.pass(3)
    assert.equal(lease.connection.state, 'open', 'nobody loses what he holds')
    lease.release()
    await clock.pass(3)
    assert.ok(source.open.length <= 2)
    assert.ok(pool.stats().open >= 1, 'made before broken')
  }
  assert.ok(pool.stats().closed.lifetime >= 20)
  assert.ok(source.calls('create').length < 200, 'one replacement a lifetime at most')
  await inTime(clock, pool.close())
})

test('a connection past its lifetime goes once it is replaced, not before', async () => {
  const { pool, source, clock } = await parked(1, {
    min: 1,
    max: 2,
    maxLifetimeMs: 1_000,
    lifetimeJitter: 0,
  })
  source.behave('create', 'hold')
  await clock.pass(1_000)
  assert.deepEqual([pool.stats().open, pool.stats().connecting], [1, 1])
  const lease = await pool.acquire()
  assert.equal(lease.info.id, 1, 'it is still lent')
  lease.release()
  assert.equal(pool.stats().closed.lifetime, 1)
  source.held('create')[0]?.succeed()
  await settled()
  assert.equal(pool.stats().open, 1)
  await pool.close()
})

test('lifetimes are drawn at birth, so that connections born together do not end together', async () => {
  let drawn = 0
  const { pool, clock } = await parked(4, {
    max: 4,
    maxLifetimeMs: 1_000,
    lifetimeJitter: 0.4,
    idleTimeoutMs: Infinity,
    random: () => {
      drawn = (drawn + 0.25) % 1
      return drawn
    },
  })
  const ends: number[] = []
  pool.on('close', ({ at }) => ends.push(at))
  await clock.pass(1_000)
  assert.deepEqual(ends, [700, 800, 900, 1_000])
  await pool.close()
})

describe('an idle connection', () => {
  test('is closed after idleTimeoutMs, but for min and minIdle', async () => {
    const { pool, clock } = await parked(4, { min: 1, minIdle: 2, max: 4, idleTimeoutMs: 100 })
    await clock.pass(99)
    assert.equal(pool.stats().idle, 4)
    await clock.pass(1)
    assert.deepEqual([pool.stats().idle, pool.stats().closed.idle], [2, 2])
    await clock.pass(1_000)
    assert.equal(pool.stats().idle, 2)
    await pool.close()
  })

  test('is closed sooner when its last borrower said so, for that spell only', async () => {
    const { pool, clock } = await parked(1, { idleTimeoutMs: 1_000 })
    ;(await pool.acquire()).release({ idleForMs: 50 })
    await clock.pass(49)
    ;(await pool.acquire()).release()
    await clock.pass(999)
    ;(await pool.acquire()).release({ idleForMs: 50 })
    await clock.pass(50)
    assert.equal(pool.stats().closed.idle, 1)
    await pool.close()
  })

  test('is not kept longer than idleTimeoutMs, whatever its borrower said', async () => {
    const { pool, clock } = await parked(1, { idleTimeoutMs: 100 })
    ;(await pool.acquire()).release({ idleForMs: 5_000 })
    await clock.pass(100)
    assert.equal(pool.stats().open, 0)
    await pool.close()
  })

  test('with idleForMs: 0 is gone at the end of the turn, unless somebody took it', async () => {
    const { pool } = await parked(1)
    const lease = await pool.acquire()
    lease.release({ idleForMs: 0 })
    const again = pool.tryAcquire()
    assert.equal(again?.info.id, 1)
    again?.release({ idleForMs: 0 })
    await settled()
    assert.deepEqual([pool.stats().open, pool.stats().closed.idle], [0, 1])
    await pool.close()
  })

  test('keeps the bound on its spell through a reset', async () => {
    const { pool, clock } = fixture({ resets: true })
    ;(await pool.acquire()).release({ idleForMs: 50 })
    await clock.pass(50)
    assert.equal(pool.stats().closed.idle, 1)
    await pool.close()
  })

  test('is probed in the background, and that is no use of it', async () => {
    const made = await parked(1, { probes: true, probeEveryMs: 100, idleTimeoutMs: 250, max: 1 })
    const { pool, source, clock } = made
    await clock.pass(249)
    assert.equal(source.calls('probe').length, 2)
    assert.equal(pool.stats().idle, 1)
    await clock.pass(1)
    assert.equal(pool.stats().closed.idle, 1)
    await assertWhole(made)
  })
})

test('a pool that cannot probe does not, however often it should', async () => {
  const { pool, clock } = await parked(1, { probeEveryMs: 100, probeAfterIdleMs: 0 })
  await clock.pass(1_000)
  ;(await pool.acquire()).release()
  assert.equal(pool.stats().probes, 0)
  await pool.close()
})

test('a connection is lent maxUses times, and closed with its last use', async () => {
  const made = fixture({ max: 1, maxUses: 3 })
  const { pool } = made
  for (const id of [1, 1, 1, 2, 2, 2, 3]) {
    const lease = await pool.acquire()
    assert.equal(lease.info.id, id)
    lease.release()
    await settled()
  }
  assert.equal(pool.stats().closed.uses, 2)
  await made.pool.close()
})

test('idleOrder says which idle connection is lent', async () => {
  for (const [idleOrder, id] of [
    ['lifo', 3],
    ['fifo', 1],
  ] as const) {
    const { pool } = await parked(3, { idleOrder })
    const lease = await pool.acquire()
    assert.equal(lease.info.id, id)
    lease.release()
    await pool.close()
  }
})
