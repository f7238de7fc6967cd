import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Lease } from '../../src/pool/lease.ts'
import type { FakeConnection } from '../../src/testing/index.ts'
import { assertWhole, fixture, parked, settled } from './support/fixture.ts'
import { warnings } from './support/warnings.ts'

type AnyLease = Lease<FakeConnection>

const endings: Record<string, (lease: AnyLease) => unknown> = {
  release: (lease) => lease.release(),
  destroy: (lease) => lease.destroy(new Error('broken')),
  detach: (lease) => lease.detach(),
  dispose: (lease) => lease[Symbol.dispose](),
  asyncDispose: (lease) => lease[Symbol.asyncDispose](),
}
const questions: Record<string, (lease: AnyLease) => unknown> = {
  connection: (lease) => lease.connection,
  info: (lease) => lease.info,
  signal: (lease) => lease.signal,
}
const released = { code: 'ERR_LEASE_RELEASED', name: 'LeaseReleasedError', pool: 'test' }

describe('a lease that was ended', () => {
  for (const [first, end] of Object.entries(endings)) {
    for (const [again, endAgain] of Object.entries(endings)) {
      test(`by ${first} is not ended again by ${again}`, async () => {
        const { pool } = await parked(2, { max: 3 })
        const lease = await pool.acquire()
        end(lease)
        await settled()
        const other = await pool.acquire()
        const before = pool.stats()
        if (again === 'dispose' || again === 'asyncDispose') await endAgain(lease)
        else assert.throws(() => endAgain(lease), released)
        assert.deepEqual(pool.stats(), before)
        assert.equal(other.signal.aborted, false)
        other.release()
        await pool.close()
      })
    }

    for (const [question, ask] of Object.entries(questions)) {
      test(`by ${first} tells no ${question} any more`, async () => {
        const { pool } = await parked(1)
        const lease = await pool.acquire()
        end(lease)
        assert.throws(() => ask(lease), released)
        await pool.close()
      })
    }
  }

  test('says so with the pool’s figures, and that a lease is used once', async () => {
    const { pool } = await parked(1)
    const lease = await pool.acquire()
    lease.release()
    assert.throws(() => lease.release(), {
      message: 'test: this lease was ended already: use it once',
      stats: pool.stats(),
    })
    await pool.close()
  })
})

describe('what ends a connection ends no lease', () => {
  const ends = {
    'its death': async (_pool: unknown, lease: AnyLease) => lease.connection.die(),
    invalidate: async (pool: { invalidate(): void }) => pool.invalidate(),
    'the end of the grace': async (pool: { close(options: object): Promise<void> }) => {
      await pool.close({ graceMs: 0 }).catch(() => {})
    },
  }
  for (const [what, happen] of Object.entries(ends)) {
    for (const [name, end] of Object.entries(endings)) {
      test(`after ${what} the first ${name} is in order, and the second is not`, async () => {
        const made = await parked(1, { max: 2 })
        const { pool, source } = made
        const lease = await pool.acquire()
        const { connection, info } = lease
        await happen(pool, lease)
        await settled()
        assert.equal(lease.signal.aborted, true)
        assert.equal(lease.connection, connection, 'its holder may still look at it')
        assert.deepEqual(lease.info, info)
        assert.equal(pool.stats().leases, 1)
        const stale = lease.signal
        await end(lease)
        await settled()
        assert.equal(pool.stats().leases, 0)
        assert.equal(stale.aborted, true)
        assert.throws(() => lease.release(), released)
        assert.equal(
          source.calls('destroy').length,
          name === 'detach' && what === 'invalidate' ? 0 : 1,
        )
        if (name === 'detach') connection.state = 'destroyed'
        if (what !== 'the end of the grace') await assertWhole(made)
      })
    }
  }

  test('a dead connection leaves open and inUse at once, and leases when its lease ends', async () => {
    const { pool } = await parked(1)
    const lease = await pool.acquire()
    lease.connection.die()
    await settled()
    const { open, inUse, leases, closed } = pool.stats()
    assert.deepEqual([open, inUse, leases, closed.died], [0, 0, 1, 1])
    const { releases } = pool.stats()
    lease.release()
    assert.equal(pool.stats().leases, 0)
    assert.equal(pool.stats().releases, releases + 1)
    await pool.close()
  })
})

test('the first lease that leaves its block without an ending warns, once for the pool', async () => {
  const { pool, source } = await parked(2)
  const heard = await warnings(async () => {
    await (async () => {
      await using _lease = await pool.acquire()
    })()
    ;(() => {
      using _lease = pool.tryAcquire()
    })()
  })
  assert.equal(heard.length, 1)
  assert.match(
    heard[0]?.message ?? '',
    /^test: a lease went out of its block .* lease\.release\(\)/,
  )
  assert.equal(pool.stats().closed.unreleased, 2)
  assert.deepEqual(
    source.connections.map((connection) => connection.reason),
    ['unreleased', 'unreleased'],
  )
  await pool.close()
})

test('a disposed lease that was released is no matter', async () => {
  const { pool } = await parked(1)
  const heard = await warnings(async () => {
    await using lease = await pool.acquire()
    lease.release()
  })
  assert.deepEqual(heard, [])
  assert.equal(pool.stats().idle, 1)
  await pool.close()
})

test('a detached connection is its holder’s: the pool neither closes nor counts it', async () => {
  const { pool, source } = await parked(1, { max: 1 })
  const lease = await pool.acquire()
  const waiting = pool.acquire()
  await settled()
  const connection = lease.detach()
  assert.equal(pool.stats().closed.detached, 1)
  const next = await waiting
  assert.notEqual(next.connection, connection)
  connection.die()
  await settled()
  assert.equal(source.calls('destroy').length, 0)
  next.release()
  await pool.close()
  assert.equal(source.calls('destroy').length, 1)
})

test('a bad release changes nothing: the lease is still held', async () => {
  const { pool } = await parked(1)
  const lease = await pool.acquire()
  for (const bad of [
    { idleForMs: -1 },
    { idleForMs: Number.NaN },
    { idleForMs: '5' },
    { idleForMS: 5 },
    7,
    null,
  ]) {
    const options = bad as unknown as { idleForMs: number } // On purpose.
    assert.throws(() => lease.release(options), { code: 'ERR_INVALID_OPTION' })
  }
  assert.equal(pool.stats().inUse, 1)
  lease.release({})
  assert.equal(pool.stats().idle, 1)
  await pool.close()
})

test('the signal of a lease is one, aborts once, and says why', async () => {
  const { pool } = await parked(1)
  const lease = await pool.acquire()
  const { signal } = lease
  assert.equal(lease.signal, signal)
  let aborts = 0
  signal.addEventListener('abort', () => aborts++)
  pool.invalidate()
  lease.connection.die()
  assert.equal(aborts, 1)
  assert.match(signal.reason.message, /^test: connection 1 is to be given back \(invalidated\)$/)
  lease.release()
  await pool.close()
})

test('a signal stops telling once its lease is ended, also while it is being told', async () => {
  const { pool } = fixture({ max: 1, maxLeases: 3 })
  const first = await pool.acquire()
  const [second, third] = await Promise.all([pool.acquire(), pool.acquire()])
  assert.ok(second !== undefined && third !== undefined)
  const early = second.signal
  second.release()
  first.signal.addEventListener('abort', () => third.release())
  const { signal } = third
  pool.invalidate()
  assert.equal(first.signal.aborted, true)
  assert.equal(signal.aborted, false)
  assert.equal(early.aborted, false)
  first.release()
  await pool.close()
})
