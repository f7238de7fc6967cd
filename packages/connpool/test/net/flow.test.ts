import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Lease, Pool } from '../../src/index.ts'
import { RudeServer } from '../../src/testing/index.ts'
import { openPool } from '../support/open-pool.ts'
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
      await using server = await RudeServer.start()
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
  await using server = await RudeServer.start()
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
  await using server = await RudeServer.start()
  const pool = await parked(t, server)
  const lease = await pool.acquire()
  const { connection } = lease
  const state: unknown = Reflect.get(connection, '_readableState')
  assert.ok(typeof state === 'object' && state !== null)
  Object.defineProperty(state, 'readableListening', { value: undefined })
  lease.release()
  for (let nth = 0; nth < 3; nth++) {
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

/** What a borrower does to a socket before it gives it back. */
const habits: Record<string, (socket: Socket) => void> = {
  'did nothing': () => {},
  paused: (socket) => socket.pause(),
  resumed: (socket) => socket.resume(),
  'took off a listener and resumed, in one tick': (socket) => {
    socket.on('readable', ignore)
    socket.off('readable', ignore)
    socket.resume()
  },
  'took off its data listeners by removeAllListeners, and paused': (socket) => {
    socket.on('data', ignore)
    socket.removeAllListeners('data')
    socket.pause()
  },
}

const moments: Record<string, () => Promise<void>> = {
  'the same tick': () => Promise.resolve(),
  'a later tick of the turn': () => new Promise((resolve) => process.nextTick(resolve)),
  'a later turn': () => turns(3),
}

for (const [what, act] of Object.entries(habits)) {
  for (const [moment, come] of Object.entries(moments)) {
    test(`a socket whose borrower ${what} is as a new one for the next in ${moment}`, {
      timeout,
    }, async (t) => {
      await using server = await RudeServer.start()
      const pool = openPool(t, { port: server.port, max: 1 })
      const first = await pool.acquire()
      const { connection } = first
      act(connection)
      first.release()
      await come()
      const second = present(pool.tryAcquire())
      assert.equal(second.connection, connection)
      assert.equal(connection.readableFlowing, null)
      assert.equal(connection.isPaused(), false)
      // Nothing is left that has it flow later, when somebody looked and took the listener off again.
      connection.once('readable', ignore)
      connection.off('readable', ignore)
      await turns(1)
      connection.write('early')
      while (connection.bytesRead === 0) await turns(1)
      await turns(1)
      const [reply] = await once(connection, 'data')
      assert.equal(String(reply), 'early')
      second.release()
    })
  }
}

test("what Node undoes on any socket it undoes here: a pause() in the tick in which a 'readable' listener was taken off", {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const own = connect(server.port, '127.0.0.1')
  t.after(() => own.destroy())
  await once(own, 'connect')
  const pool = openPool(t, { port: server.port, max: 1 })
  const first = await pool.acquire()
  const { connection } = first
  for (const socket of [own, connection]) {
    socket.on('readable', ignore)
    socket.off('readable', ignore)
  }
  first.release()
  const second = present(pool.tryAcquire())
  for (const socket of [own, connection]) {
    socket.on('data', ignore)
    socket.pause()
  }
  await turns(1)
  assert.deepEqual([own.isPaused(), connection.isPaused()], [false, false])
  connection.pause()
  await turns(1)
  assert.equal(connection.isPaused(), true)
  second.release()
})

test('a socket that a former borrower reads while it is idle is not lent', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const first = await pool.acquire()
  const { connection } = first
  first.release()
  await turns(3)
  connection.on('data', ignore)
  const second = await pool.acquire()
  assert.notEqual(second.connection, connection)
  assert.equal(pool.stats().closed.dirty, 1)
  second.release()
})

/** A pool with two connections that were lent, and have been idle for more than a turn. */
async function parked(t: TestContext, { port }: RudeServer): Promise<Pool<Socket>> {
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

function ignore(): void {}
