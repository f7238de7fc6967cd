import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Lease, Pool } from '../../src/index.ts'
import { openPool } from '../support/open-pool.ts'
import { TcpServer } from '../support/tcp-server.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

/** How a borrower gets a connection that has been idle since an earlier turn of the loop. */
const lendings: Record<string, (pool: Pool<Socket>) => Promise<Lease<Socket>>> = {
  'by acquire': (pool) => pool.acquire(),
  'by tryAcquire': async (pool) => present(pool.tryAcquire()),
  'by a second acquire in the turn of a first': async (pool) => {
    const first = await pool.acquire()
    const second = await pool.acquire()
    first.destroy()
    return second
  },
}

/** What a borrower does at once, and by which it wants no bytes yet. */
const pauses: Record<string, (socket: Socket, heard: string[]) => void> = {
  'listens and pauses': (socket, heard) => {
    socket.on('data', (bytes) => heard.push(String(bytes)))
    socket.pause()
  },
  'pauses and listens': (socket, heard) => {
    socket.pause()
    socket.on('data', (bytes) => heard.push(String(bytes)))
  },
}

for (const [how, lend] of Object.entries(lendings)) {
  for (const [what, pause] of Object.entries(pauses)) {
    test(`a borrower that gets a parked socket ${how} and ${what} at once gets no bytes until it resumes`, {
      timeout,
    }, async (t) => {
      await using server = await TcpServer.start()
      const pool = await parked(t, server)
      const lease = await lend(pool)
      const { connection } = lease
      const heard: string[] = []
      pause(connection, heard)
      connection.write('early')
      while (connection.bytesRead === 0) await turns(1)
      await turns(2)
      assert.equal(connection.isPaused(), true)
      assert.deepEqual(heard, [])
      connection.resume()
      await once(connection, 'data')
      assert.deepEqual(heard, ['early'])
      lease.destroy()
    })
  }
}

test('a former borrower that takes its listener off late leaves a socket that can be read', {
  timeout,
}, async (t) => {
  await using server = await TcpServer.start()
  const pool = await parked(t, server)
  const listener = () => {}
  const first = await pool.acquire()
  const { connection } = first
  first.release()
  await turns(3)
  connection.off('readable', listener) // Node looks for other ones after the tick, and finds the watch.
  await turns(1)
  const second = present(pool.tryAcquire())
  assert.equal(second.connection, connection)
  connection.write('question')
  const [reply] = await once(connection, 'data')
  assert.equal(String(reply), 'question')
  second.release()
})

test('a stream that does not tell what it has noticed is lent no worse', { timeout }, async (t) => {
  await using server = await TcpServer.start()
  const pool = await parked(t, server)
  const lease = await pool.acquire()
  const { connection } = lease
  const state: unknown = Reflect.get(connection, '_readableState')
  assert.ok(typeof state === 'object' && state !== null)
  Object.defineProperty(state, 'readableListening', { value: undefined })
  lease.release()
  for (let loan = 0; loan < 3; loan++) {
    await turns(3)
    const next = present(pool.tryAcquire())
    assert.equal(next.connection, connection)
    assert.equal(connection.listenerCount('readable'), 0)
    connection.write('question')
    const [reply] = await once(connection, 'data')
    assert.equal(String(reply), 'question')
    next.release()
  }
})

/** A pool with two connections that were lent, and have been idle for more than a turn. */
async function parked(t: TestContext, { port }: TcpServer): Promise<Pool<Socket>> {
  const pool = openPool(t, { port, max: 2 })
  const leases = await Promise.all([pool.acquire(), pool.acquire()])
  for (const lease of leases) lease.release()
  await turns(3)
  assert.equal(pool.stats().idle, 2)
  return pool
}

function present<T>(value: T | null): T {
  assert.notEqual(value, null)
  return value as T // Just seen not to be null.
}
