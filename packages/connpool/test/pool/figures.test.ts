import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { CloseReason } from '../../src/core/slot.ts'
import type { PoolStats } from '../../src/pool/stats.ts'
import { assertSums, type Fixture, fixture, parked, rejection, settled } from './support/fixture.ts'

/** What an act changed: counters by how much, gauges to what; `closed` and `connectFailures` by key. */
async function changes({ pool }: Fixture, act: () => unknown): Promise<Record<string, unknown>> {
  const before = flat(pool.stats())
  await act()
  await settled()
  assertSums(pool.stats())
  const after = flat(pool.stats())
  return Object.fromEntries(
    Object.entries(after)
      .filter(([key, value]) => value !== before[key])
      .map(([key, value]) => {
        const was = before[key]
        return typeof value === 'number' && typeof was === 'number'
          ? [key, value - was]
          : [key, value]
      }),
  )
}

function flat({ closed, connectFailures, ...rest }: PoolStats): Record<string, unknown> {
  const nested = [
    ...Object.entries(closed).map(([key, value]) => [`closed.${key}`, value]),
    ...Object.entries(connectFailures).map(([key, value]) => [`connectFailures.${key}`, value]),
  ]
  return { ...rest, ...Object.fromEntries(nested) }
}

test('a snapshot is frozen, in its parts too, and stays what it was', async () => {
  const { pool } = await parked(1)
  const stats = pool.stats()
  assert.ok(Object.isFrozen(stats))
  assert.ok(Object.isFrozen(stats.closed))
  assert.ok(Object.isFrozen(stats.connectFailures))
  const copy = structuredClone(stats)
  pool.tryAcquire()?.destroy()
  assert.deepEqual(stats, copy)
  await pool.close()
})

test('a pool that has done nothing has figures of nothing', async () => {
  const { pool } = fixture({ min: 2, max: 5 })
  const { closed, connectFailures, min, max, ...rest } = pool.stats()
  assert.deepEqual([min, max], [2, 5])
  assert.deepEqual(new Set(Object.values(rest)), new Set([0, false]))
  assert.deepEqual(new Set(Object.values(closed)), new Set([0]))
  assert.deepEqual(connectFailures, { config: 0, local: 0, overload: 0, backend: 0 })
  await pool.close()
})

describe('what moves the figures', () => {
  test('an acquire that dials: a miss, and a wait', async () => {
    const made = fixture()
    const { pool, source, clock } = made
    source.behave('create', 'hold')
    assert.deepEqual(await changes(made, () => void pool.acquire()), {
      acquires: 1,
      waiting: 1,
      connecting: 1,
    })
    await clock.pass(25)
    assert.deepEqual(await changes(made, () => source.held('create')[0]?.succeed()), {
      waiting: -1,
      connecting: -1,
      opened: 1,
      open: 1,
      inUse: 1,
      leases: 1,
      maxInUse: 1,
      misses: 1,
      waits: 1,
      waitTimeMs: 25,
    })
    await pool.close({ graceMs: 0 }).catch(() => {})
  })

  test('a release, and an acquire of what was released: a hit, and no wait', async () => {
    const made = fixture()
    const { pool } = made
    const lease = await pool.acquire()
    const idle = { inUse: -1, leases: -1, idle: 1 }
    assert.deepEqual(await changes(made, () => lease.release()), { ...idle, releases: 1 })
    assert.deepEqual(await changes(made, () => pool.acquire()), {
      inUse: 1,
      leases: 1,
      idle: -1,
      acquires: 1,
      hits: 1,
    })
    await pool.close({ graceMs: 0 }).catch(() => {})
  })

  test('a null tryAcquire nothing; one that answers a lease an acquire', async () => {
    const made = fixture({ max: 1 })
    const { pool } = made
    assert.deepEqual(await changes(made, () => pool.tryAcquire()), {})
    ;(await pool.acquire()).release()
    assert.deepEqual(await changes(made, () => pool.tryAcquire()), {
      inUse: 1,
      leases: 1,
      idle: -1,
      acquires: 1,
      hits: 1,
    })
    assert.deepEqual(await changes(made, () => pool.tryAcquire()), {})
    await pool.close({ graceMs: 0 }).catch(() => {})
  })

  test('a lease from an idle connection that was never lent: a miss', async () => {
    const made = fixture({ min: 1 })
    await made.pool.ready()
    const { misses, hits } = await changes(made, () => made.pool.tryAcquire())
    assert.deepEqual([misses, hits], [1, undefined])
    await made.pool.close({ graceMs: 0 }).catch(() => {})
  })

  test('those turned away, each by why', async () => {
    const made = await parked(1, { max: 1, maxWaiters: 1 })
    const { pool, clock } = made
    const lease = await pool.acquire()
    const waiting = rejection(pool.acquire({ timeoutMs: 40 }))
    assert.deepEqual(await changes(made, () => rejection(pool.acquire())), {
      acquires: 1,
      refused: 1,
    })
    assert.deepEqual(await changes(made, () => rejection(pool.acquire({ timeoutMs: 0 }))), {
      acquires: 1,
      timeouts: 1,
    })
    assert.deepEqual(await changes(made, () => clock.pass(40).then(() => waiting)), {
      waiting: -1,
      timeouts: 1,
      waits: 1,
      waitTimeMs: 40,
    })
    const signal = AbortSignal.abort()
    assert.deepEqual(await changes(made, () => rejection(pool.acquire({ signal }))), {
      acquires: 1,
      aborts: 1,
    })
    const controller = new AbortController()
    const aborted = rejection(pool.acquire({ signal: controller.signal }))
    await clock.pass(7)
    assert.deepEqual(
      await changes(made, () => {
        controller.abort()
        return aborted
      }),
      { waiting: -1, aborts: 1, waits: 1, waitTimeMs: 7 },
    )
    lease.release()
    await pool.close()
    const late = await changes(made, () => rejection(pool.acquire()))
    assert.deepEqual(late, { acquires: 1, refused: 1 })
  })

  test('a config failure: failed; fail-fast: refused', async () => {
    for (const failureClass of ['config', 'backend'] as const) {
      const made = fixture({ classify: () => failureClass, backoff: { failFastAfter: 1 } })
      made.source.behave('create', () => Promise.reject(new Error('down')))
      assert.deepEqual(await changes(made, () => rejection(made.pool.acquire())), {
        acquires: 1,
        waits: 1,
        [failureClass === 'config' ? 'failed' : 'refused']: 1,
        [`connectFailures.${failureClass}`]: 1,
        unavailable: true,
      })
      await made.pool.close()
    }
  })

  test('a connection on its way out is closing, and closed when it is destroyed', async () => {
    const made = await parked(1)
    const { pool, source } = made
    source.behave('destroy', 'hold')
    assert.deepEqual(await changes(made, () => pool.invalidate()), {
      idle: -1,
      closing: 1,
      generation: 1,
    })
    assert.deepEqual(await changes(made, () => source.held('destroy')[0]?.succeed()), {
      closing: -1,
      open: -1,
      'closed.invalidated': 1,
    })
    await pool.close()
  })

  test('probes and resets, and their failures', async () => {
    const made = await parked(1, { probes: true, resets: true, probeAfterIdleMs: 0 })
    const { pool, source } = made
    source.behave('probe', 'hold')
    source.behave('reset', 'hold')
    const acquired = pool.acquire()
    const { probing, idle, probes } = await changes(made, settled).then(() => pool.stats())
    assert.deepEqual([probing, idle, probes], [1, 0, 1])
    source.held('probe')[0]?.succeed()
    const lease = await acquired
    assert.deepEqual(await changes(made, () => lease.release()), {
      inUse: -1,
      leases: -1,
      releases: 1,
      resetting: 1,
      resets: 1,
    })
    assert.deepEqual(await changes(made, () => source.held('reset')[0]?.fail(new Error('no'))), {
      resetting: -1,
      resetFailures: 1,
      open: -1,
      'closed.reset': 1,
    })
    await pool.close()
  })

  const reasons: [CloseReason, Parameters<typeof fixture>[0], (made: Fixture) => unknown][] = [
    ['idle', { idleTimeoutMs: 10 }, ({ clock }) => clock.pass(10)],
    ['lifetime', { maxLifetimeMs: 10 }, ({ clock }) => clock.pass(10)],
    ['uses', { maxUses: 2 }, ({ pool }) => pool.tryAcquire()?.release()],
    ['died', {}, ({ source }) => source.connections[0]?.die()],
    ['destroyed', {}, ({ pool }) => pool.tryAcquire()?.destroy()],
    ['detached', {}, ({ pool }) => pool.tryAcquire()?.detach()],
    ['unreleased', {}, ({ pool }) => pool.tryAcquire()?.[Symbol.dispose]()],
    ['invalidated', {}, ({ pool }) => pool.invalidate()],
    ['shutdown', {}, ({ pool }) => pool.close()],
  ]
  for (const [reason, options, act] of reasons) {
    test(`a connection closed by reason ${reason}: counted there, and nowhere else`, async () => {
      const made = await parked(1, options)
      const moved = await changes(made, () => act(made))
      const closed = Object.entries(moved).filter(([key]) => key.startsWith('closed.'))
      assert.deepEqual(closed, [[`closed.${reason}`, 1]])
      assert.equal(moved.open, -1)
      await made.pool.close()
    })
  }
})

test('leases() lists who holds what, oldest first, to the turn of the loop', async () => {
  const { pool, clock } = await parked(3)
  const first = await pool.acquire()
  await clock.pass(1_000)
  const second = await pool.acquire()
  assert.deepEqual(pool.leases(), [
    { connectionId: first.info.id, heldMs: 1_000 },
    { connectionId: second.info.id, heldMs: 0 },
  ])
  pool.invalidate()
  await clock.pass(5)
  assert.deepEqual(
    pool.leases().map(({ heldMs }) => heldMs),
    [1_005, 5],
  )
  second.connection.die()
  assert.equal(pool.leases().length, 1)
  first.release()
  second.release()
  assert.deepEqual(pool.leases(), [])
  await pool.close()
})

test('leases() tells who holds a connection, oldest first, also one that is used for the last time', async () => {
  const { pool, clock } = await parked(2, { max: 2, maxUses: 3 })
  const first = pool.tryAcquire()
  const other = pool.tryAcquire()
  other?.release()
  await clock.pass(10)
  const last = pool.tryAcquire()
  await clock.pass(5)
  assert.deepEqual(pool.leases(), [
    { connectionId: first?.info.id, heldMs: 15 },
    { connectionId: last?.info.id, heldMs: 5 },
  ])
  first?.release()
  last?.release()
  await pool.close()
})
