import assert from 'node:assert/strict'
import type { Lease } from '../../../src/pool/lease.ts'
import type { PoolOptions } from '../../../src/pool/options.ts'
import { createPool, type Pool } from '../../../src/pool/pool.ts'
import type { PoolStats } from '../../../src/pool/stats.ts'
import { type FakeConnection, FakeSource, ManualClock } from '../../../src/testing/index.ts'

/** A pool on a fake source, with a clock that stands still and chance that is none. */
export interface Fixture {
  readonly pool: Pool<FakeConnection>
  readonly source: FakeSource
  readonly clock: ManualClock
}

type Verbs = { readonly probes?: boolean; readonly resets?: boolean }

/** `probes` and `resets` give the pool those verbs of the source. */
export function fixture(options: Partial<PoolOptions<FakeConnection>> & Verbs = {}): Fixture {
  const { probes = false, resets = false, ...rest } = options
  const source = new FakeSource()
  const clock = new ManualClock()
  const { create, destroy, probe, reset } = source
  const pool = createPool<FakeConnection>({
    name: 'test',
    create,
    destroy,
    ...(probes && { probe }),
    ...(resets && { reset }),
    clock,
    random: () => 0,
    ...rest,
  })
  return { pool, source, clock }
}

/** Lets the event loop turn until the pool has done all that the last event led to. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise<void>((done) => setImmediate(done))
}

/** A pool with `count` idle connections, parked in an earlier turn. */
export async function parked(
  count: number,
  options: Parameters<typeof fixture>[0] = {},
): Promise<Fixture> {
  const made = fixture(options)
  const leases = await Promise.all(Array.from({ length: count }, () => made.pool.acquire()))
  for (const lease of leases) lease.release()
  await settled()
  assert.equal(made.pool.stats().idle, count)
  return made
}

/** What a promise came to: its value, its error, or neither yet. */
export async function outcome(promise: Promise<unknown>): Promise<unknown> {
  return Promise.race([
    promise.then(
      () => 'resolved',
      (error: unknown) =>
        typeof error === 'object' && error !== null && 'code' in error ? error.code : error,
    ),
    settled().then(() => 'pending'),
  ])
}

/** The error that a promise rejects with. */
export async function rejection<E = Error>(promise: Promise<unknown>): Promise<E> {
  return promise.then(
    () => assert.fail('it was to reject, and resolved'),
    (error: E) => error,
  )
}

/** What a promise comes to while time passes, 50 ms a step; fails when it never settles. */
export async function inTime<R>(clock: ManualClock, promise: Promise<R>): Promise<R> {
  let pending = true
  const done = () => {
    pending = false
  }
  promise.then(done, done)
  await settled()
  for (let step = 0; pending; step++) {
    assert.ok(step < 1_000, 'it settles some time')
    await clock.pass(50)
  }
  return promise
}

/** Law 24: gauges and counters agree with each other. */
export function assertSums(stats: PoolStats): void {
  const { open, idle, inUse, probing, resetting, closing } = stats
  assert.equal(open, idle + inUse + probing + resetting + closing, 'open')
  const closed = Object.values(stats.closed).reduce((sum, count) => sum + count, 0)
  assert.equal(stats.opened - closed, open, 'opened - closed')
  const { hits, misses, timeouts, aborts, refused, failed, waiting } = stats
  const acquires = hits + misses + timeouts + aborts + refused + failed + waiting
  assert.equal(stats.acquires, acquires, 'acquires')
}

/** Nothing was lost: the pool can still lend all of `max` at once, and closes empty. */
export async function assertWhole({ pool, source, clock }: Fixture, maxLeases = 1): Promise<void> {
  source.behave('create', 'succeed')
  source.behave('probe', 'succeed')
  source.behave('reset', 'succeed')
  source.behave('destroy', 'succeed')
  for (const verb of ['create', 'probe', 'reset', 'destroy'] as const) {
    for (const call of source.held(verb)) call.succeed()
  }
  await clock.pass(20_000)
  const { max, leases: held } = pool.stats()
  assert.equal(held, 0, 'no lease may be out when the pool is checked')
  const leases: Lease<FakeConnection>[] = []
  for (let count = 0; count < max * maxLeases; count++)
    leases.push(await inTime(clock, pool.acquire()))
  assert.equal(new Set(leases.map((lease) => lease.connection)).size, max)
  assert.equal(source.open.length, max)
  assertSums(pool.stats())
  for (const lease of leases) lease.release()
  await inTime(clock, pool.close())
  await settled()
  assertSums(pool.stats())
  assert.equal(pool.stats().open, 0)
  assert.equal(source.open.length, 0)
  assert.equal(clock.timers, 0, 'a closed pool has no timer')
}
