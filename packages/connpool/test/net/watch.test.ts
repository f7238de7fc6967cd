import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Socket } from 'node:net'
import { test } from 'node:test'
import type { Pool } from '../../src/index.ts'
import { type RudeConnection, RudeServer } from '../../src/testing/index.ts'
import { kinds } from '../support/kinds.ts'
import { listenersOf } from '../support/listeners-of.ts'
import { next } from '../support/next.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

const ends: Record<string, (connection: RudeConnection) => void> = {
  FIN: (connection) => connection.end(),
  RST: (connection) => connection.reset(),
}

for (const [how, end] of Object.entries(ends)) {
  test(`a parked connection that gets a ${how} is closed as died`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const pool = openPool(t, { port: server.port })
    await parkOne(pool)
    const closed = next(pool, 'close')
    end(server.connection)
    assert.equal((await closed).reason, 'died')
    assert.equal(pool.stats().open, 0)
  })

  test(`a connection that gets a ${how} before its first lease is closed as died`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start()
    const pool = openPool(t, {
      port: server.port,
      min: 1,
      backoff: { initialMs: 5_000, jitter: 0 },
    })
    await pool.ready()
    const closed = next(pool, 'close')
    const failed = next(pool, 'connectFailed')
    await server.holds(1)
    end(server.connection)
    assert.equal((await closed).reason, 'died')
    await failed
    assert.equal(pool.stats().connectFailures.backend, 1)
  })

  test(`a ${how} during a lease aborts its signal, and release() does nothing`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start()
    const pool = openPool(t, { port: server.port })
    const lease = await pool.acquire()
    await server.holds(1)
    const { signal } = lease
    const aborted = once(signal, 'abort')
    end(server.connection)
    await aborted
    assert.match(String(signal.reason), /connection 1 was closed \(died\)/)
    assert.equal(pool.stats().open, 0)
    assert.equal(pool.stats().leases, 1)
    lease.release()
    assert.equal(pool.stats().leases, 0)
    assert.equal(pool.stats().closed.died, 1)
  })

  test(`use() rejects with the borrower's own error after a ${how}`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const pool = openPool(t, { port: server.port })
    const own = new Error('no reply')
    const using = pool.use(async (_socket, lease) => {
      await server.holds(1)
      const aborted = once(lease.signal, 'abort')
      end(server.connection)
      await aborted
      throw own
    })
    await assert.rejects(using, (error) => error === own)
    assert.equal(pool.stats().closed.died, 1)
  })
}

for (const [kind, open] of Object.entries(kinds)) {
  test(`an idle ${kind} that its peer ends is closed as died`, { timeout }, async (t) => {
    const { pool, far } = await open(t)
    await pool.use(async (socket) => {
      socket.write('question')
      await once(socket, 'data')
    })
    await turns(3)
    const closed = next(pool, 'close')
    far().end()
    const { reason, error } = await closed
    assert.equal(reason, 'died')
    assert.match(String(error), /: ended while idle$/)
    assert.equal(pool.stats().open, 0)
  })
}

test('a parked connection that receives late bytes is closed as dirty', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port })
  await parkOne(pool)
  const closed = next(pool, 'close')
  server.connection.write('late')
  assert.equal((await closed).reason, 'dirty')
})

test('late bytes followed by a FIN are seen too', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port })
  await parkOne(pool)
  const closed = next(pool, 'close')
  server.connection.end('late')
  assert.equal((await closed).reason, 'dirty')
})

test('a connection released with unread bytes is closed as dirty', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port })
  const lease = await pool.acquire()
  lease.connection.write('question')
  await readable(lease.connection)
  lease.release()
  assert.equal(pool.stats().closed.dirty, 1)
  assert.equal(pool.stats().open, 0)
  assert.equal(pool.stats().releases, 1)
})

test('what a borrower wrote is waited for before the next one gets the connection', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'deaf' })
  const pool = openPool(t, { port: server.port, max: 1, resetTimeoutMs: Infinity })
  const lease = await pool.acquire()
  await server.holds(1)
  const { connection } = lease
  const size = writeUntilStuck(connection)
  lease.release()
  assert.equal(pool.stats().resetting, 1)
  const waiting = pool.acquire()
  await turns(5)
  assert.equal(pool.stats().resetting, 1)
  let received = 0
  server.connection.socket.on('data', (bytes) => {
    received += bytes.length
  })
  const second = await waiting
  assert.equal(second.connection, connection)
  assert.equal(connection.writableLength, 0)
  const all = once(server.connection.socket, 'end')
  connection.end()
  await all
  assert.equal(received, size)
  second.destroy()
})

test('what is not written within resetTimeoutMs destroys the connection', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'deaf' })
  const pool = openPool(t, { port: server.port, resetTimeoutMs: 20 })
  const lease = await pool.acquire()
  await server.holds(1)
  writeUntilStuck(lease.connection)
  const closed = next(pool, 'close')
  lease.release()
  assert.equal((await closed).reason, 'reset')
  assert.equal(pool.stats().resetFailures, 1)
})

test('a peer that resets while written bytes are waited for ends the wait', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'deaf' })
  const pool = openPool(t, { port: server.port, resetTimeoutMs: Infinity })
  const lease = await pool.acquire()
  await server.holds(1)
  writeUntilStuck(lease.connection)
  const closed = next(pool, 'close')
  lease.release()
  server.connection.reset()
  await closed
  assert.equal(pool.stats().open, 0)
})

test('a timeout that a borrower left on the socket does not reach the next one', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const lease = await pool.acquire()
  lease.connection.setTimeout(1)
  lease.release()
  const second = await pool.acquire()
  let fired = false
  second.connection.once('timeout', () => {
    fired = true
  })
  await laterTimeout()
  assert.equal(fired, false)
  assert.equal(second.connection.timeout, undefined)
  second.release()
})

test('a timeout that a borrower left does not fire while the connection is idle', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const lease = await pool.acquire()
  const { connection } = lease
  connection.setTimeout(1, () => assert.fail('it fired'))
  lease.release()
  await laterTimeout()
  assert.equal(pool.stats().idle, 1)
})

for (const parked of [false, true]) {
  const how = parked ? 'parked in between' : 'hot'
  test(`5,000 leases of one connection, ${how}, leave no listener behind`, {
    timeout: 30_000,
  }, async (t) => {
    await using server = await RudeServer.start()
    const pool = openPool(t, { port: server.port, max: 1 })
    const warnings: Error[] = []
    const warned = (warning: Error) => warnings.push(warning)
    process.on('warning', warned)
    t.after(() => process.off('warning', warned))
    const socket = await parkOne(pool)
    const before = listenersOf(socket)
    for (let i = 0; i < 5_000; i++) {
      const lease = await pool.acquire()
      assert.equal(lease.connection, socket)
      lease.release()
      if (parked) await turns(1)
    }
    await turns(3)
    assert.deepEqual(listenersOf(socket), before)
    assert.equal(pool.stats().opened, 1)
    assert.deepEqual(warnings, [])
  })
}

test('a lent socket has no listener of the watch', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const socket = await parkOne(pool)
  assert.equal(socket.listenerCount('readable'), 1)
  const lease = await pool.acquire()
  assert.equal(socket.listenerCount('readable'), 0)
  lease.release()
})

test('a socket that its borrower destroyed is replaced', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const lease = await pool.acquire()
  lease.connection.destroy()
  lease.release()
  assert.equal(pool.stats().closed.died, 1)
  const second = await pool.acquire()
  assert.equal(second.info.id, 2)
  second.connection.destroy(new Error('own'))
  await once(second.signal, 'abort')
  second.release()
  const third = await pool.acquire()
  assert.equal(third.info.id, 3)
  third.connection.end()
  third.release()
  assert.equal(pool.stats().closed.died, 3)
  assert.equal(pool.stats().open, 0)
})

test('a detached socket leaves the pool alive and belongs to its taker', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  await parkOne(pool)
  const lease = await pool.acquire()
  const socket = lease.detach()
  assert.equal(pool.stats().open, 0)
  await pool.close()
  socket.write('question')
  const [reply] = await once(socket, 'data')
  assert.equal(String(reply), 'question')
  socket.destroy()
  await once(socket, 'close')
  assert.equal(pool.stats().closed.detached, 1)
  assert.equal(pool.stats().closed.died, 0)
})

for (const [kind, open] of Object.entries(kinds)) {
  test(`nothing of the pool's stays on a detached ${kind} but what endures its errors`, {
    timeout,
  }, async (t) => {
    const made: Record<string, number>[] = []
    const { pool } = await open(t, {
      onIdleData: () => true,
      handshake: (socket) => void made.push(listenersOf(socket)),
    })
    await pool.use(() => {})
    await turns(3)
    const socket = (await pool.acquire()).detach()
    t.after(() => socket.destroy())
    // Whoever handshakes is told by a listener for 'close', which is taken off.
    const { close = 0, ...before } = made[0] ?? assert.fail()
    assert.deepEqual(listenersOf(socket), { ...before, ...(close > 1 && { close: close - 1 }) })
    assert.ok(socket.listenerCount('error') > 0)
    assert.deepEqual(
      Object.getOwnPropertySymbols(socket)
        .filter(({ description }) => description?.includes('connpool'))
        .map((symbol) => Reflect.get(socket, symbol)),
      [undefined],
    )
  })
}

test('invalidate and close end parked sockets at the server as well', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port })
  await parkOne(pool)
  await server.holds(1)
  pool.invalidate()
  await server.holds(0)
  await parkOne(pool)
  await server.holds(1)
  await pool.close()
  await server.holds(0)
})

/** Lends one connection and parks it, watched. */
async function parkOne(pool: Pool<Socket>): Promise<Socket> {
  const lease = await pool.acquire()
  const { connection } = lease
  lease.release()
  await turns(3)
  assert.equal(pool.stats().idle, 1)
  return connection
}

/** Resolves once the socket holds unread bytes, and reads none. */
async function readable(socket: Socket): Promise<void> {
  while (socket.readableLength === 0) await turns(1)
}

/** Writes until the system takes no more; answers the number of bytes. */
function writeUntilStuck(socket: Socket): number {
  const block = Buffer.alloc(1 << 20)
  let size = 0
  do {
    socket.write(block)
    size += block.length
  } while (socket.writableLength < 8 * block.length)
  return size
}

/** Ends when a timeout of the same length has fired that was set later on another socket. */
async function laterTimeout(): Promise<void> {
  const control = new Socket()
  control.setTimeout(1)
  await once(control, 'timeout')
  control.destroy()
}
