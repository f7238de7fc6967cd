import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type CloseReason,
  createPool,
  type FailureClass,
  type Lease,
  type LeaseHolder,
  type Pool,
  type PoolError,
  type PoolEvent,
  type PoolStats,
  pools,
} from 'connpool'
import { FakeConnection, FakeSource, ManualClock } from 'connpool/testing'
import { expectTypeOf } from 'expect-type'

class Client {
  query(): number {
    return 1
  }
}
const verbs = { create: async () => new Client(), destroy: (_client: Client) => {} }

test('the type of the connection flows from create to whoever holds one', async () => {
  const pool = createPool({
    create: async ({ signal, died }) => {
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
      expectTypeOf(died).toEqualTypeOf<(error?: unknown) => void>()
      return new Client()
    },
    probe: (client, { signal }) => {
      expectTypeOf(client).toEqualTypeOf<Client>()
      expectTypeOf(signal).toEqualTypeOf<AbortSignal>()
    },
    reset: (client) => client.query(),
    destroy: (client, reason, error) => {
      expectTypeOf(client).toEqualTypeOf<Client>()
      expectTypeOf(reason).toEqualTypeOf<CloseReason>()
      expectTypeOf(error).toEqualTypeOf<unknown>()
    },
    classify: (error, { phase, address }) => {
      expectTypeOf(error).toEqualTypeOf<unknown>()
      expectTypeOf(address).toEqualTypeOf<string | undefined>()
      return phase === 'tls' ? 'config' : undefined
    },
    isFatal: (_error, from) => from === 'died',
  })
  expectTypeOf(pool).toEqualTypeOf<Pool<Client>>()
  const lease = await pool.acquire()
  expectTypeOf(lease).toEqualTypeOf<Lease<Client>>()
  expectTypeOf(lease.connection).toEqualTypeOf<Client>()
  expectTypeOf(lease.detach).returns.toEqualTypeOf<Client>()
  expectTypeOf(lease.info.id).toEqualTypeOf<number>()
  lease.release()
  expectTypeOf(pool.tryAcquire()).toEqualTypeOf<Lease<Client> | null>()
  expectTypeOf(pool.stats()).toEqualTypeOf<PoolStats>()
  expectTypeOf(pool.leases()).toEqualTypeOf<readonly LeaseHolder[]>()
  expectTypeOf(pools()).toEqualTypeOf<readonly Pool<unknown>[]>()
  await pool.close({ graceMs: 0 }).catch(() => {})
})

test('use answers what its function answers, awaited', async () => {
  const pool = createPool(verbs)
  const sync = pool.use((client) => client.query())
  const async = pool.use(async (_client, lease) => lease.info.id)
  const nothing = pool.use(() => {})
  expectTypeOf(sync).toEqualTypeOf<Promise<number>>()
  expectTypeOf(async).toEqualTypeOf<Promise<number>>()
  expectTypeOf(nothing).toEqualTypeOf<Promise<void>>()
  assert.deepEqual(await Promise.all([sync, nothing]), [1, undefined])
  await async
  await pool.close()
})

test('events, classes of failure and errors are told apart', async () => {
  const pool = createPool(verbs)
  pool.on('close', (event) => {
    expectTypeOf(event).toEqualTypeOf<PoolEvent>()
    expectTypeOf(event.reason).toEqualTypeOf<CloseReason | undefined>()
  })
  expectTypeOf(pool.on('open', () => {})).toEqualTypeOf<Pool<Client>>()
  expectTypeOf<FailureClass>().toEqualTypeOf<'config' | 'local' | 'overload' | 'backend'>()
  expectTypeOf<PoolError>().toExtend<Error>()
  await pool.close()
})

test('what cannot be is a compile error, and an error', async () => {
  const refused = { code: 'ERR_INVALID_OPTION' }
  // @ts-expect-error create is missing.
  assert.throws(() => createPool({ destroy: () => {} }), refused)
  // @ts-expect-error destroy is missing.
  assert.throws(() => createPool({ create: () => 1 }), refused)
  // @ts-expect-error There is no such option.
  assert.throws(() => createPool({ ...verbs, maximum: 5 }), refused)
  // @ts-expect-error It is not there yet.
  assert.throws(() => createPool({ ...verbs, leakThresholdMs: 5 }), refused)
  // @ts-expect-error A number is no text.
  assert.throws(() => createPool({ ...verbs, max: '5' }), refused)
  // @ts-expect-error There are two orders.
  assert.throws(() => createPool({ ...verbs, idleOrder: 'random' }), refused)
  // @ts-expect-error There is no such part of backoff.
  assert.throws(() => createPool({ ...verbs, backoff: { delay: 5 } }), refused)
  const pool = createPool(verbs)
  // @ts-expect-error It is timeoutMs.
  await assert.rejects(pool.acquire({ timeout: 5 }), refused)
  // @ts-expect-error keep belongs to use.
  await assert.rejects(pool.acquire({ keep: () => true }), refused)
  // @ts-expect-error There is no event of errors.
  assert.throws(() => pool.on('error', () => {}), refused)
  // @ts-expect-error maxIdle cannot be changed.
  assert.throws(() => pool.resize({ maxIdle: 5 }), refused)
  // @ts-expect-error It is graceMs.
  await assert.rejects(pool.close({ grace: 5 }), refused)
  const lease = await pool.acquire()
  // @ts-expect-error It is idleForMs.
  assert.throws(() => lease.release({ idleFor: 5 }), refused)
  assert.throws(() => {
    // @ts-expect-error A lease's connection is not to be replaced.
    lease.connection = new Client()
  }, TypeError)
  lease.release()
  await pool.close()
})

test('the fake source fits a pool as it is', async () => {
  const source = new FakeSource()
  const pool = createPool({ ...source, clock: new ManualClock() })
  expectTypeOf(pool).toEqualTypeOf<Pool<FakeConnection>>()
  const lease = await pool.acquire()
  assert.ok(lease.connection instanceof FakeConnection)
  lease.release()
  await pool.close()
})
