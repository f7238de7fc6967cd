import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Lease } from '../../src/pool/lease.ts'
import type { FakeConnection } from '../../src/testing/index.ts'
import { assertSums, assertWhole, fixture, parked, rejection, settled } from './support/fixture.ts'

describe('three leases a connection', () => {
  test('fill one connection before the next, and never more', async () => {
    const { pool } = fixture({ max: 2, maxLeases: 3 })
    const leases = await Promise.all(Array.from({ length: 6 }, () => pool.acquire()))
    const counts = new Map<FakeConnection, number>()
    for (const { connection } of leases) counts.set(connection, (counts.get(connection) ?? 0) + 1)
    assert.deepEqual([...counts.values()], [3, 3])
    const { open, inUse, leases: held, maxInUse } = pool.stats()
    assert.deepEqual([open, inUse, held, maxInUse], [2, 2, 6, 2])
    const waiting = pool.acquire()
    await settled()
    assert.equal(pool.stats().waiting, 1)
    leases[0]?.release()
    const seventh = await waiting
    assert.equal(seventh.connection, leases[1]?.connection)
    for (const lease of [...leases.slice(1), seventh]) lease.release()
    assert.equal(pool.stats().idle, 2)
    await pool.close()
  })

  test('go to the fullest, so that the others fall idle', async () => {
    const { pool } = fixture({ max: 2, maxLeases: 3 })
    const leases = await Promise.all(Array.from({ length: 5 }, () => pool.acquire()))
    const [fuller, emptier] = [leases[0], leases[4]]
    assert.ok(fuller && emptier)
    leases[1]?.release()
    const next = await pool.acquire()
    assert.equal(next.connection, fuller.connection)
    assert.equal(pool.tryAcquire()?.connection, emptier.connection)
    await pool.close({ graceMs: 0 }).catch(() => {})
  })

  test('of which one is destroyed: it is lent no more, and closed with its last lease', async () => {
    const made = await parked(1, { max: 1, maxLeases: 3 })
    const { pool, source } = made
    const leases = [
      pool.tryAcquire(),
      pool.tryAcquire(),
      pool.tryAcquire(),
    ] as Lease<FakeConnection>[]
    leases[0]?.destroy(new Error('stream error'))
    assert.equal(pool.tryAcquire(), null)
    assert.equal(leases[1]?.signal.aborted, false)
    leases[1]?.release()
    assert.equal(source.connections[0]?.state, 'open')
    leases[2]?.release()
    assert.equal(source.connections[0]?.reason, 'destroyed')
    await assertWhole(made)
  })

  test('of a connection that died all end as they would', async () => {
    const made = await parked(1, { max: 1, maxLeases: 3 })
    const { pool, source } = made
    const leases = [
      pool.tryAcquire(),
      pool.tryAcquire(),
      pool.tryAcquire(),
    ] as Lease<FakeConnection>[]
    const signals = leases.map((lease) => lease.signal)
    source.connections[0]?.die()
    assert.deepEqual(
      signals.map((signal) => signal.aborted),
      [true, true, true],
    )
    assert.deepEqual([pool.stats().inUse, pool.stats().leases], [0, 3])
    leases[0]?.release()
    leases[1]?.destroy()
    leases[2]?.[Symbol.dispose]()
    assert.equal(pool.stats().leases, 0)
    assertSums(pool.stats())
    await assertWhole(made)
  })

  test('cannot be detached but by the last', async () => {
    const { pool, source } = await parked(1, { max: 1, maxLeases: 3 })
    const [first, second, third] = [pool.tryAcquire(), pool.tryAcquire(), pool.tryAcquire()]
    const needs = 'test: detach() needs the connection for itself, but'
    const refused = { code: 'ERR_INVALID_OPTION', message: `${needs} 2 others share it` }
    assert.throws(() => first?.detach(), refused)
    third?.release()
    const alone = { ...refused, message: `${needs} another lease shares it` }
    assert.throws(() => first?.detach(), alone)
    first?.release()
    assert.equal(second?.detach(), source.connections[0])
    assert.equal(pool.stats().open, 0)
    await pool.close()
  })

  test('are as old, in a timeout, as the oldest that has not ended, on whichever connection', async () => {
    const { pool, clock } = fixture({ max: 2, maxLeases: 2 })
    const [first, second] = [await pool.acquire(), await pool.acquire()]
    await clock.pass(100)
    const leases = [await pool.acquire(), await pool.acquire()]
    await clock.pass(100)
    first.release()
    leases.push(await pool.acquire())
    second.release()
    leases.push(await pool.acquire())
    assert.deepEqual(
      leases.map((lease) => lease.info.id),
      [2, 2, 1, 1],
    )
    const refused = rejection(pool.acquire({ timeoutMs: 10 }))
    await clock.pass(10)
    assert.match((await refused).message, /oldest lease 110 ms\)/)
    for (const lease of leases) lease.release()
    await pool.close()
  })

  test('are each a holder, oldest first', async () => {
    const { pool, clock } = fixture({ max: 2, maxLeases: 3 })
    const first = await pool.acquire()
    await clock.pass(10)
    const second = await pool.acquire()
    await clock.pass(5)
    assert.deepEqual(pool.leases(), [
      { connectionId: 1, heldMs: 15 },
      { connectionId: 1, heldMs: 5 },
    ])
    first.release()
    assert.deepEqual(pool.leases(), [{ connectionId: 1, heldMs: 5 }])
    second.release()
    assert.deepEqual(pool.leases(), [])
    await pool.close()
  })

  test('serve as many waiters as a dial brings leases', async () => {
    const { pool, source } = fixture({ max: 10, maxLeases: 3 })
    const leases = await Promise.all(Array.from({ length: 7 }, () => pool.acquire()))
    assert.equal(source.calls('create').length, 3)
    for (const lease of leases) lease.release()
    await pool.close()
  })
})

describe('priority', () => {
  test('higher is served first, and within one first come, first served', async () => {
    const { pool } = await parked(1, { max: 1 })
    const lease = await pool.acquire()
    const order: string[] = []
    const all = [
      ['a', 0],
      ['b', 7],
      ['c', 3],
      ['d', 7],
      ['e', undefined],
    ] as const
    const served = all.map(async ([name, priority]) => {
      const next = await pool.acquire(priority === undefined ? {} : { priority })
      order.push(name)
      next.release()
    })
    lease.release()
    await Promise.all(served)
    assert.deepEqual(order, ['b', 'd', 'c', 'a', 'e'])
    await pool.close()
  })

  test('passes nobody over more than eight times', async () => {
    const { pool } = await parked(1, { max: 1 })
    const lease = await pool.acquire()
    const order: number[] = []
    const low = pool.acquire().then((next) => {
      order.push(0)
      next.release()
    })
    const high = Array.from({ length: 20 }, async (_, place) => {
      const next = await pool.acquire({ priority: 7 })
      order.push(place + 1)
      next.release()
    })
    lease.release()
    await Promise.all([low, ...high])
    assert.equal(order.indexOf(0), 8)
    await pool.close()
  })
})
