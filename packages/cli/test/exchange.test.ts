import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { exchange } from '../src/exchange.ts'

const REQUEST = Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
const REPLY = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** Runs `borrow` with a connection to a server that does `serve` with each request. */
async function lent(
  serve: (socket: Socket) => void,
  borrow: (socket: Socket) => Promise<void>,
): Promise<void> {
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => serve(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // Listening on TCP, so its address is of this kind.
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  const listeners = listenerCounts(socket)
  try {
    await borrow(socket)
    assert.deepEqual(listenerCounts(socket), listeners, 'listeners are left behind')
  } finally {
    const closed = once(server, 'close')
    socket.destroy()
    server.close()
    await closed
  }
}

function listenerCounts(socket: Socket): Record<string, number> {
  return Object.fromEntries(
    ['data', 'readable', 'error', 'end'].map((name) => [name, socket.listenerCount(name)]),
  )
}

test('one connection carries one exchange after the other', () =>
  lent(
    (socket) => socket.write(REPLY),
    async (socket) => {
      for (let turn = 0; turn < 3; turn += 1) {
        const reply = await exchange(socket, REQUEST)
        assert.equal(reply.status, 200)
        assert.equal(reply.body.toString(), 'ok')
      }
      assert.equal(socket.destroyed, false)
    },
  ))

test('a connection that closes before the reply rejects', () =>
  lent(
    (socket) => socket.end(),
    async (socket) => {
      await assert.rejects(exchange(socket, REQUEST), /closed before the reply was whole/)
    },
  ))

test('a connection that closes in the middle of the reply rejects', () =>
  lent(
    (socket) => socket.end(REPLY.slice(0, -1)),
    async (socket) => {
      await assert.rejects(exchange(socket, REQUEST), /closed before the reply was whole/)
    },
  ))

test('a connection that is reset rejects with the reason', () =>
  lent(
    (socket) => socket.resetAndDestroy(),
    async (socket) => {
      await assert.rejects(exchange(socket, REQUEST), { code: 'ECONNRESET' })
    },
  ))

test('bytes that follow the reply reject', () =>
  lent(
    (socket) => socket.write(`${REPLY}HTTP/1.1 200 OK\r\n`),
    async (socket) => {
      await assert.rejects(exchange(socket, REQUEST), /follow the reply/)
    },
  ))

test('a connection that is already closed rejects at once', () =>
  lent(
    () => {},
    async (socket) => {
      socket.destroy()
      await assert.rejects(exchange(socket, REQUEST), /closed/)
    },
  ))
