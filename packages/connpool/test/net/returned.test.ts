import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { RudeServer } from '../../src/testing/index.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

test('what a holder of a shared socket has not read is no dirt for the next one', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1, maxLeases: 4 })
  const first = await pool.acquire()
  await server.holds(1)
  server.connection.write('for the first')
  await once(first.connection, 'readable')
  const second = await pool.acquire()
  assert.equal(second.connection, first.connection)
  assert.equal(first.signal.aborted, false)
  assert.equal(String(first.connection.read()), 'for the first')
  second.release()
  first.release()
})

test('a reply that arrives before it is listened for is kept, whatever the last borrower took off', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const first = await pool.acquire()
  await server.holds(1)
  const heard = once(first.connection, 'data')
  server.connection.write('hi')
  await heard
  first.connection.on('data', () => {})
  first.connection.removeAllListeners('data')
  first.release()
  await turns(1)
  const second = await pool.acquire()
  await turns(1)
  assert.notEqual(second.connection.readableFlowing, true)
  server.connection.write('there')
  while (second.connection.readableLength === 0) await turns(1)
  const [reply] = await once(second.connection, 'data')
  assert.equal(String(reply), 'there')
  second.release()
})

test('what was written arrives, though its connection is to be closed on return', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'silent' })
  const pool = openPool(t, { port: server.port, maxUses: 1 })
  const lease = await pool.acquire()
  await server.holds(1)
  const { connection } = server
  lease.connection.write(Buffer.alloc(8_000_000))
  lease.release()
  await connection.closed
  assert.equal(connection.socket.bytesRead, 8_000_000)
  assert.equal(pool.stats().closed.uses, 1)
})

/** What cannot be made good again. */
const spoils: Record<string, (socket: Socket) => void> = {
  'with an encoding': (socket) => socket.setEncoding('utf8'),
  'without an error listener': (socket) => socket.removeAllListeners('error'),
  corked: (socket) => {
    socket.cork()
    socket.write('half of a que')
  },
}

for (const [how, spoil] of Object.entries(spoils)) {
  test(`a socket that comes back ${how} is not lent again`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const pool = openPool(t, { port: server.port, max: 1 })
    const lease = await pool.acquire()
    spoil(lease.connection)
    lease.release()
    assert.equal(pool.stats().closed.dirty, 1)
    await pool.use(({ bytesWritten }) => assert.equal(bytesWritten, 0))
  })
}

test('a socket that was corked and uncorked is lent again', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  await pool.use(async (socket) => {
    socket.cork()
    socket.write('ques')
    socket.write('tion')
    socket.uncork()
    const [reply] = await once(socket, 'data')
    assert.equal(String(reply), 'question')
  })
  assert.equal(pool.stats().idle, 1)
})

test('a socket that its borrower unref-ed holds the process for the next one', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const first = await pool.acquire()
  const socket = first.connection
  socket.unref()
  first.release()
  const handle: unknown = Reflect.get(socket, '_handle')
  assert.ok(typeof handle === 'object' && handle !== null && 'hasRef' in handle)
  const { hasRef } = handle
  assert.ok(typeof hasRef === 'function')
  assert.equal(hasRef.call(handle), false)
  const second = await pool.acquire()
  assert.equal(second.connection, socket)
  assert.equal(hasRef.call(handle), true)
  second.release()
})
