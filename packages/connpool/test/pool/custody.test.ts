import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Custody, UnfitError } from '../../src/pool/custody.ts'
import {
  type PoolSettings,
  type ResolvedSettings,
  resolveSettings,
} from '../../src/pool/options.ts'
import { Pool } from '../../src/pool/pool.ts'
import type { Source } from '../../src/pool/source.ts'
import { type FakeConnection, FakeSource, ManualClock } from '../../src/testing/index.ts'
import { assertSums, assertWhole, settled } from './support/fixture.ts'

/** A custody that judges as it is told, and notes what it is asked. */
class Guard implements Custody<FakeConnection> {
  readonly asked: string[] = []
  readonly unfit = new Set<FakeConnection>()
  reason: 'died' | 'dirty' = 'dirty'
  ended = false
  /** Ends the flush that is under way; null where all is flushed at once. */
  unflushed = false
  flushing: { resolve(): void; reject(error: unknown): void; signal: AbortSignal } | null = null

  enter(): never {
    throw new Error('nobody offers any')
  }
  park(connection: FakeConnection): boolean {
    return this.#note('park', connection)
  }
  lend(connection: FakeConnection): boolean {
    return this.#note('lend', connection)
  }
  isAlive(): boolean {
    return this.reason === 'dirty'
  }
  hasEnded(): boolean {
    return this.ended
  }
  whyUnfit({ id }: FakeConnection): Error {
    return new UnfitError(this.reason, `connection ${id} was found so`)
  }
  flushed(): boolean {
    return !this.unflushed
  }
  flush(_connection: FakeConnection, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.flushing = { resolve, reject, signal }
    })
  }
  about(connection: FakeConnection): { address: string } {
    return { address: `10.0.0.${connection.id}:1` }
  }
  discharge(connection: FakeConnection): void {
    this.#note('discharge', connection)
  }
  watch(connection: FakeConnection): void {
    this.#note('watch', connection)
  }

  #note(what: string, connection: FakeConnection): boolean {
    this.asked.push(`${what} ${connection.id}`)
    return !this.unfit.has(connection)
  }
}

/** The constructor is not public: pools are made by functions, and of these none takes a custody. */
const GuardedPool = Pool as unknown as new (
  source: Source<FakeConnection>,
  settings: ResolvedSettings,
  custody: Custody<FakeConnection>,
) => Pool<FakeConnection>

type Hints = Pick<Source<FakeConnection>, 'isFatal'>

function guarded(settings: PoolSettings = {}, probes = false, resets = false, hints: Hints = {}) {
  const [source, clock, guard] = [new FakeSource(), new ManualClock(), new Guard()]
  const { create, destroy, probe, reset } = source
  const verbs = { probes, resets, dials: true }
  const resolved = resolveSettings('test', { clock, random: () => 0, ...settings }, verbs)
  const asked = { ...(probes && { probe }), ...(resets && { reset }) }
  const pool = new GuardedPool({ create, destroy, ...asked, ...hints }, resolved, guard)
  return { pool, source, clock, guard }
}

describe('a custody', () => {
  test('is asked at each release and each lease, and watches what idles at the end of the turn', async () => {
    const { pool, guard } = guarded()
    const lease = await pool.acquire()
    assert.deepEqual(guard.asked.splice(0), ['lend 1'])
    lease.release()
    pool.tryAcquire()?.release()
    assert.deepEqual(guard.asked.splice(0), ['park 1', 'lend 1', 'park 1'])
    await settled()
    assert.deepEqual(guard.asked.splice(0), ['watch 1'])
    await pool.close()
  })

  test('that saw the peer end a connection has it die when its holder destroys it for an error', async () => {
    const { pool, guard } = guarded()
    const told: unknown[] = []
    pool.on('release', ({ reason, error }) => told.push([reason, error]))
    const error = new Error('half a reply')
    for (const [ended, why] of [
      [false, error],
      [true, undefined],
      [true, error],
    ] as const) {
      const lease = await pool.acquire()
      guard.ended = ended
      lease.destroy(why)
    }
    assert.deepEqual(told, [
      ['destroyed', error],
      ['destroyed', undefined],
      ['died', error],
    ])
    const { closed, connectFailures } = pool.stats()
    assert.deepEqual([closed.destroyed, closed.died, connectFailures.backend], [2, 1, 1])
    await pool.close()
  })

  test('is not asked whether the peer ended what died meanwhile, or what others hold', async () => {
    const { pool, guard } = guarded({ maxLeases: 2 })
    const told: unknown[] = []
    pool.on('release', ({ reason }) => told.push(reason))
    guard.ended = true
    const error = new Error('half a reply')
    const [shared, other] = [await pool.acquire(), await pool.acquire()]
    shared.destroy(error)
    other.connection.die()
    other.destroy(error)
    assert.deepEqual(told, ['destroyed', 'destroyed'])
    await pool.close()
  })

  test('is told of a connection that is detached', async () => {
    const { pool, guard } = guarded()
    const lease = await pool.acquire()
    lease.detach()
    assert.deepEqual(guard.asked, ['lend 1', 'discharge 1'])
    await pool.close()
  })

  test('that finds a returned connection unfit has it closed before it is handed on', async () => {
    const made = guarded({ max: 1 })
    const { pool, source, guard } = made
    ;(await pool.acquire()).release()
    const lease = await pool.acquire()
    const waiting = pool.acquire()
    const told: unknown[] = []
    pool.on('release', ({ reason, error }) => told.push([reason, String(error)]))
    pool.on('close', ({ reason, error }) => told.push([reason, String(error)]))
    guard.unfit.add(lease.connection)
    lease.release()
    const next = await waiting
    assert.equal(next.info.id, 2)
    assert.equal(source.connections[0]?.reason, 'dirty')
    const why = ['dirty', 'Error: connection 1 was found so']
    assert.deepEqual(told, [why, why])
    assert.equal(String(source.connections[0]?.error), why[1])
    assert.equal(pool.stats().releases, 2)
    next.release()
    await assertWhole(made)
  })

  test('that finds a returned connection unfit has its place given up, should its destroy hang', async () => {
    const { pool, source, guard, clock } = guarded({ destroyTimeoutMs: 100 })
    source.behave('destroy', () => new Promise(() => {}))
    const lease = await pool.acquire()
    await settled()
    guard.unfit.add(lease.connection)
    lease.release()
    await clock.pass(100)
    assert.equal(pool.stats().open, 0)
    await pool.close()
  })

  test('that lets a tryAcquire have nothing has the place given up, should the destroy hang', async () => {
    const { pool, source, guard, clock } = guarded({ destroyTimeoutMs: 100 })
    const lease = await pool.acquire()
    lease.release()
    await settled()
    source.behave('destroy', () => new Promise(() => {}))
    for (const connection of source.connections) guard.unfit.add(connection)
    assert.equal(pool.tryAcquire(), null)
    await clock.pass(100)
    assert.equal(pool.stats().open, 0)
    await pool.close()
  })

  test('is not asked at the release of what died meanwhile', async () => {
    const { pool, guard } = guarded()
    const lease = await pool.acquire()
    lease.connection.die()
    lease.release()
    assert.deepEqual(guard.asked, ['lend 1'])
    await pool.close()
  })

  test('is asked of a shared connection when its last lease ends', async () => {
    const { pool, guard } = guarded({ maxLeases: 2 })
    const [one, other] = [await pool.acquire(), await pool.acquire()]
    one.release()
    assert.deepEqual(guard.asked, ['lend 1'])
    other.release()
    assert.deepEqual(guard.asked, ['lend 1', 'park 1'])
    await pool.close()
  })

  test('that finds an idle connection unfit has another lent', async () => {
    const made = guarded({ max: 2 })
    const { pool, source, guard } = made
    const pair = [await pool.acquire(), await pool.acquire()]
    for (const lease of pair) lease.release()
    await settled()
    guard.reason = 'died'
    for (const connection of source.connections.slice(1)) guard.unfit.add(connection)
    assert.equal(pool.tryAcquire()?.info.id, 1)
    assert.equal(source.connections[1]?.reason, 'died')
    assert.equal(String(source.connections[1]?.error), 'Error: connection 2 was found so')
    await pool.close({ graceMs: 0 }).catch(() => {})
    assertSums(pool.stats())
  })

  test('that has bytes to flush keeps the connection until they are gone', async () => {
    const made = guarded({ max: 1 })
    const { pool, guard } = made
    ;(await pool.acquire()).release() // From now on it is proven.
    const lease = await pool.acquire()
    guard.unflushed = true
    lease.release()
    assert.deepEqual([pool.stats().resetting, pool.stats().idle], [1, 0])
    guard.unflushed = false
    guard.flushing?.resolve()
    await settled()
    assert.deepEqual([pool.stats().resetting, pool.stats().idle], [0, 1])
    await assertWhole(made)
  })

  test('that has flushed a connection which is to be closed has it closed, and not reset', async () => {
    const made = guarded({ max: 1, maxUses: 1 }, false, true)
    const { pool, source, guard } = made
    const lease = await pool.acquire()
    guard.unflushed = true
    lease.release()
    guard.unflushed = false
    guard.flushing?.resolve()
    await settled()
    assert.deepEqual(source.calls('reset'), [])
    assert.equal(source.connections[0]?.reason, 'uses')
    await assertWhole(made)
  })

  test('whose flush fails, or takes longer than resetTimeoutMs, has the connection closed', async () => {
    for (const how of ['fails', 'hangs'] as const) {
      const made = guarded({ max: 1, resetTimeoutMs: 100 })
      const { pool, source, guard, clock } = made
      const lease = await pool.acquire()
      guard.unflushed = true
      lease.release()
      if (how === 'fails') guard.flushing?.reject(new Error('EPIPE'))
      await clock.pass(100)
      guard.unflushed = false
      assert.equal(guard.flushing?.signal.aborted, how === 'hangs')
      assert.equal(source.connections[0]?.reason, 'reset')
      await assertWhole(made)
    }
  })

  test('that finds a connection unfit after its probe has it closed', async () => {
    const made = guarded({ max: 1, probeAfterIdleMs: 0 }, true)
    const { pool, source, guard } = made
    ;(await pool.acquire()).release()
    await settled()
    source.behave('probe', ({ connection }) => {
      guard.unfit.add(connection)
    })
    const lease = await pool.acquire()
    assert.equal(lease.info.id, 2)
    assert.equal(source.connections[0]?.reason, 'probe')
    lease.release()
    source.behave('probe', 'succeed')
    await assertWhole(made)
  })

  test('lends a connection to its probe and to its reset, and takes it back from them', async () => {
    const { pool, guard, clock } = guarded({ probeEveryMs: 100 }, true, true)
    ;(await pool.acquire()).release()
    await settled()
    const reset = ['park 1', 'lend 1', 'park 1']
    assert.deepEqual(guard.asked.splice(0), ['lend 1', ...reset, 'watch 1'])
    await clock.pass(100)
    assert.deepEqual(guard.asked.splice(0), ['lend 1', 'park 1', 'watch 1'])
    await pool.close()
  })

  test('that finds a connection unfit before its probe has it closed unasked', async () => {
    const { pool, source, guard, clock } = guarded({ probeEveryMs: 100 }, true)
    const told: unknown[] = []
    pool.on('probeFailed', ({ error }) => told.push(String(error)))
    const lease = await pool.acquire()
    const { connection } = lease
    lease.release()
    guard.unfit.add(connection)
    await clock.pass(100)
    assert.deepEqual(source.calls('probe'), [])
    assert.equal(connection.reason, 'probe')
    assert.deepEqual(told, ['Error: test: connection 1 was not fit to be probed'])
    await pool.close()
  })

  test('that finds a connection dead in the freshness turn has the dial for the next given up in time', async () => {
    const { pool, source, guard, clock } = guarded({ createTimeoutMs: 100 })
    ;(await pool.acquire()).release()
    await settled()
    for (const connection of source.connections) guard.unfit.add(connection)
    source.behave('destroy', 'hold')
    source.behave('create', 'hold')
    const refused = assert.rejects(pool.acquire(), { code: 'ERR_POOL_CLOSED' })
    await clock.pass(100)
    assert.equal(pool.stats().connectFailures.backend, 1)
    const closed = pool.close()
    await clock.pass(5_000)
    await Promise.all([refused, closed])
  })

  test('says nothing of other connections: isFatal is not asked about what it finds', async () => {
    const hints = { isFatal: () => true }
    const { pool, source } = guarded({}, false, false, hints)
    ;(await pool.acquire()).release()
    source.connections[0]?.die(new UnfitError('dirty', 'received 5 bytes'))
    assert.equal(pool.stats().generation, 0)
    await pool.close()
  })

  test('tells where a connection leads, in the lease and in the events', async () => {
    const { pool } = guarded()
    const told: unknown[] = []
    for (const name of ['open', 'acquire', 'close'] as const) {
      pool.on(name, ({ address }) => told.push(address))
    }
    const lease = await pool.acquire()
    assert.deepEqual(lease.info, { id: 1, address: '10.0.0.1:1' })
    assert.ok(Object.isFrozen(lease.info))
    lease.release()
    await pool.close()
    assert.deepEqual(told, Array(3).fill('10.0.0.1:1'))
  })

  test('that reports unread bytes has the connection closed as dirty', async () => {
    const { pool, source } = guarded()
    ;(await pool.acquire()).release()
    await settled()
    source.connections[0]?.die(new UnfitError('dirty', 'received 5 bytes'))
    assert.equal(source.connections[0]?.reason, 'dirty')
    assert.equal(pool.stats().closed.dirty, 1)
    await pool.close()
  })
})
