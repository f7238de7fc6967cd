import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { Lease, TcpPoolSettings } from '../../src/index.ts'
import { type RudeConnection, RudeServer } from '../../src/testing/index.ts'
import { next } from '../support/next.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

/** What a borrower does before it gives the connection back, and what is then said of it. */
const returns: Record<string, (lease: Lease<Socket>, server: RudeServer) => unknown> = {
  'returned with 5 unread bytes': ({ connection }) => unread(connection, 'bytes'),
  'returned with 1 unread byte': ({ connection }) => unread(connection, '!'),
  'returned with the encoding utf8': ({ connection }) => connection.setEncoding('utf8'),
  'returned corked': ({ connection }) => connection.cork(),
  'lost listeners: close, error': ({ connection }) => {
    connection.removeAllListeners('error')
    connection.removeAllListeners('close')
  },
  'ended while in use': async ({ connection, signal }, server) => {
    await server.holds(1)
    server.connection.end()
    if (!connection.readableEnded) await once(signal, 'abort')
  },
  'destroyed while in use': ({ connection }) => connection.destroy(),
  'end() was called while in use': ({ connection }) => connection.end(),
  'own trouble': async ({ connection, signal }) => {
    connection.destroy(new Error('own trouble'))
    await once(signal, 'abort')
  },
}

for (const [message, act] of Object.entries(returns)) {
  test(`a connection is closed with its reason: ${message}`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const fatal: unknown[] = []
    const pool = openPool(t, {
      port: server.port,
      isFatal: (error) => {
        fatal.push(error)
        return false
      },
    })
    const closed = next(pool, 'close')
    const lease = await pool.acquire()
    await act(lease, server)
    lease.release()
    const { error, reason } = await closed
    assert.equal(messageOf(error), message)
    const lives = /^(returned|lost)/.test(message)
    assert.equal(reason, lives ? 'dirty' : 'died')
    assert.deepEqual(fatal, message === 'own trouble' ? [error] : [], 'isFatal is asked')
  })
}

/** What happens to a connection that is idle, and what is then said of it. */
const idle: Record<string, (connection: RudeConnection) => void> = {
  'ended while idle': (connection) => connection.end(),
  'received 4 bytes while idle': (connection) => connection.write('late'),
  'read ECONNRESET': (connection) => connection.reset(),
}

for (const [message, act] of Object.entries(idle)) {
  test(`an idle connection is closed with its reason: ${message}`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const pool = openPool(t, { port: server.port })
    await pool.use(() => {})
    await server.holds(1)
    await turns(3)
    const closed = next(pool, 'close')
    act(server.connection)
    assert.equal(messageOf((await closed).error), message)
  })
}

/** What a server does to whoever connects, and what is then said of the dial. */
const greetings: Record<string, (connection: RudeConnection) => void> = {
  'received 5 bytes before it was first lent; a greeting is for serverSpeaksFirst: true': (
    connection,
  ) => connection.write('hello'),
  'ended before it was first lent': (connection) => connection.end(),
}

for (const [message, act] of Object.entries(greetings)) {
  test(`a connection that was never lent fails its dial with its reason: ${message}`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start({ behaviour: act })
    const pool = openPool(t, { port: server.port, min: 1, backoff: { initialMs: 5_000 } })
    const [failed, closed] = await Promise.all([next(pool, 'connectFailed'), next(pool, 'close')])
    assert.equal(messageOf(failed.error), message)
    assert.equal(closed.error, failed.error)
  })
}

test('the release event says what was wrong, too', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port })
  const released = next(pool, 'release')
  await pool.use((socket) => unread(socket, 'bytes'))
  const { error, reason } = await released
  assert.equal(reason, 'dirty')
  assert.equal(messageOf(error), 'returned with 5 unread bytes')
})

for (const verb of ['probe', 'reset'] as const) {
  test(`a ${verb} that leaves unread bytes fails with that reason`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const settings: TcpPoolSettings = {
      probeAfterIdleMs: 0,
      [verb]: (socket: Socket) => unread(socket, 'bytes'),
    }
    const pool = openPool(t, { port: server.port, ...settings })
    const failed = next(pool, `${verb}Failed`)
    const closed = next(pool, 'close')
    await pool.use(() => {})
    if (verb === 'probe') pool.acquire().catch(() => {})
    assert.equal(messageOf((await failed).error), 'returned with 5 unread bytes')
    assert.equal((await closed).reason, verb)
  })
}

/** Has the server send `bytes`, and resolves once they are there, unread. */
async function unread(socket: Socket, bytes: string): Promise<void> {
  socket.write(bytes)
  while (socket.readableLength < bytes.length) await turns(1)
}

function messageOf(error: unknown): string {
  assert.ok(error instanceof Error)
  return error.message
}
