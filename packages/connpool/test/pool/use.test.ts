import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Lease } from '../../src/pool/lease.ts'
import type { FakeConnection } from '../../src/testing/index.ts'
import { assertWhole, fixture, outcome, parked, rejection, settled } from './support/fixture.ts'
import { warnings } from './support/warnings.ts'

describe('use', () => {
  test('lends for as long as the function takes, and answers what it answers', async () => {
    const { pool, source } = await parked(1, { max: 1 })
    const answer = await pool.use(async (connection, lease) => {
      assert.equal(connection, source.connections[0])
      assert.equal(lease.connection, connection)
      assert.equal(pool.stats().inUse, 1)
      await settled()
      return 'PONG'
    })
    assert.equal(answer, 'PONG')
    assert.equal(await pool.use(() => 7), 7)
    assert.deepEqual([pool.stats().idle, pool.stats().releases], [1, 3])
    await pool.close()
  })

  test('calls the function at once where a connection is at hand, and later where none is', async () => {
    const { pool } = fixture({ max: 1 })
    const called: string[] = []
    const first = pool.use(() => called.push('first'))
    assert.equal(called.length, 0)
    await first
    const second = pool.use(() => called.push('second'))
    assert.deepEqual(called, ['first', 'second'])
    await second
    await pool.close()
  })

  test('destroys the connection when the function throws or rejects, and passes the error on', async () => {
    const { pool, source } = fixture({ max: 1 })
    const error = new Error('half a reply')
    const functions = [
      () => {
        throw error
      },
      () => Promise.reject(error),
    ]
    for (const fn of functions) assert.equal(await rejection(pool.use(fn)), error)
    assert.deepEqual(
      source.connections.map((connection) => [connection.reason, connection.error]),
      [
        ['destroyed', error],
        ['destroyed', error],
      ],
    )
    await pool.close()
  })

  test('does not ask `keep` about a lease that the function ended', async () => {
    const { pool } = await parked(1)
    const keep = () => assert.fail('it was asked')
    const error = new Error('failed after its release')
    const heard = await warnings(async () => {
      const failed = pool.use(
        (_, lease) => {
          lease.release()
          throw error
        },
        { keep },
      )
      assert.equal(await rejection(failed), error)
    })
    assert.deepEqual(heard, [])
    await pool.close()
  })

  test('keeps the connection when `keep` says that it is sound', async () => {
    const { pool } = await parked(1)
    const missing = new Error('no such key')
    const keep = (error: unknown) => error === missing
    await rejection(pool.use(() => Promise.reject(missing), { keep }))
    assert.equal(pool.stats().idle, 1)
    await rejection(pool.use(() => Promise.reject(new Error('reset')), { keep }))
    assert.equal(pool.stats().closed.destroyed, 1)
    await pool.close()
  })

  test('destroys when `keep` throws or answers nonsense, and passes the function’s error on', async () => {
    const { pool } = fixture()
    const error = new Error('the real one')
    const keeps = [
      () => {
        throw new Error('keep failed')
      },
      () => 'yes',
      () => Promise.resolve(true),
      () => 1,
    ]
    const heard = await warnings(async () => {
      for (const keep of keeps) {
        const options = { keep: keep as unknown as () => boolean } // On purpose.
        assert.equal(await rejection(pool.use(() => Promise.reject(error), options)), error)
      }
    })
    assert.equal(pool.stats().closed.destroyed, 4)
    assert.deepEqual(
      heard.map(({ message }) => message.split('. ')[0]),
      ['test: keep() threw: keep failed'],
    )
    await pool.close()
  })

  test('leaves a lease alone that the function ended itself', async () => {
    const { pool } = fixture({ max: 4 })
    await pool.use((_connection, lease) => lease.release())
    await pool.use((_connection, lease) => lease.destroy())
    await pool.use((_connection, lease) => lease.detach())
    await pool.use((_connection, lease) => lease[Symbol.dispose]())
    const error = new Error('after')
    const thrown = pool.use((_connection, lease) => {
      lease.release()
      throw error
    })
    assert.equal(await rejection(thrown), error)
    const { closed, leases, idle } = pool.stats()
    assert.deepEqual([closed.destroyed, closed.detached, closed.unreleased], [1, 1, 1])
    assert.deepEqual([leases, idle], [0, 1])
    await pool.close()
  })

  test('leaves a lease alone that `keep` ended itself, and passes the function’s error on', async () => {
    for (const keeps of [true, false]) {
      const { pool } = await parked(1)
      const error = new Error('the real one')
      let held: Lease<FakeConnection> | null = null
      const refused = pool.use(
        (_, lease) =>
          Promise.reject(error).finally(() => {
            held = lease
          }),
        {
          keep: () => {
            held?.release()
            return keeps
          },
        },
      )
      assert.equal(await rejection(refused), error)
      assert.deepEqual([pool.stats().idle, pool.stats().leases], [1, 0])
      await pool.close()
    }
  })

  test('passes the function’s error on when the connection died under it', async () => {
    const made = await parked(1, { max: 1 })
    const error = new Error('socket hang up')
    const used = made.pool.use((connection) => {
      connection.die()
      throw error
    })
    assert.equal(await rejection(used), error)
    await made.pool.use((connection) => connection.die())
    assert.equal(made.pool.stats().closed.died, 2)
    await made.clock.pass(1_000)
    await assertWhole(made)
  })

  test('rejects as acquire does when there is no connection, and never calls the function', async () => {
    const { pool } = fixture()
    const never = () => assert.fail('there was no connection')
    assert.equal(await outcome(pool.use(never, { timeoutMs: 0 })), 'ERR_ACQUIRE_TIMEOUT')
    assert.equal(await outcome(pool.use(never, { signal: AbortSignal.abort('enough') })), 'enough')
    await pool.close()
    assert.equal(await outcome(pool.use(never)), 'ERR_POOL_CLOSED')
  })

  test('hands the options of acquire on', async () => {
    const { pool } = await parked(1, { max: 1 })
    const lease = await pool.acquire()
    const order: string[] = []
    const low = pool.use(() => order.push('low'))
    const high = pool.use(() => order.push('high'), { priority: 7 })
    lease.release()
    await Promise.all([low, high])
    assert.deepEqual(order, ['high', 'low'])
    await pool.close()
  })
})
