import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import {
  AcquireTimeoutError,
  InvalidOptionError,
  type Lease,
  ListenFailedError,
  PoolClosedError,
} from '../../src/index.ts'
import { createServerPool } from '../../src/server/index.ts'
import { turns } from '../support/turns.ts'
import { openServer, until } from './support/places.ts'
import { namedClient } from './support/plain-peer.ts'

const timeout = 10_000

/** Clients that are named, in order; ended with the test. */
async function clients(
  t: { after(end: () => void): void },
  port: number,
  count: number,
): Promise<{ readonly id: string; readonly socket: Socket }[]> {
  const named: { readonly id: string; readonly socket: Socket }[] = []
  t.after(() => {
    for (const { socket } of named) socket.destroy()
  })
  while (named.length < count) named.push(await namedClient(port, null))
  return named
}

test('who waits is served by whoever connects, and what comes back is lent again', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t)
  const waiting = pool.acquire()
  const [client] = await clients(t, port, 1)
  const lease = await waiting
  assert.equal(lease.id, client?.id)
  assert.equal(lease.info.name, client?.id)
  lease.release()
  const again = await pool.acquire()
  assert.equal(again.id, client?.id)
  again.release()
  const { opened, acquires, hits, misses, open, idle } = pool.stats()
  assert.deepEqual([opened, acquires, hits, misses, open, idle], [1, 2, 1, 1, 1, 1])
})

test('a connection that is detached is out of the pool, and another may have its place but not its id', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t, { maxConnections: 1 })
  const [client] = await clients(t, port, 1)
  const lease = await pool.acquire()
  const socket = lease.detach()
  assert.equal(pool.stats().open, 0)
  socket.write('for good')
  const [bytes] = await once(client?.socket as Socket, 'data')
  assert.equal(String(bytes), 'for good')
  const [other] = await clients(t, port, 1)
  assert.notEqual(other?.id, client?.id)
  socket.destroy()
})

test('who waits for an id is served before those who take any', { timeout }, async (t) => {
  const { pool, port } = await openServer(t)
  const [first] = await clients(t, port, 1)
  const lent = await pool.acquireById(first?.id ?? '')
  const any = pool.acquire()
  const same = pool.acquireById(lent.id)
  // The one who takes any is served by the next who comes, the other by what comes back.
  const [second] = await clients(t, port, 1)
  const anyLease = await any
  assert.equal(anyLease.id, second?.id)
  lent.release()
  const sameLease = await same
  assert.equal(sameLease.id, first?.id)
  anyLease.release()
  sameLease.release()
})

test('an id that is not there is waited for until the deadline, and with 0 not at all', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t)
  const [client] = await clients(t, port, 1)
  await assert.rejects(pool.acquireById('00000000', { timeoutMs: 20 }), AcquireTimeoutError)
  await assert.rejects(
    pool.acquireById('00000000', { timeoutMs: 0 }),
    /no such connection free at once/,
  )
  const lease = await pool.acquireById(client?.id ?? '', { timeoutMs: 0 })
  await assert.rejects(pool.acquireById(lease.id, { timeoutMs: 0 }), AcquireTimeoutError)
  const stop = new AbortController()
  const aborted = pool.acquireById('00000000', { signal: stop.signal })
  stop.abort(new Error('enough'))
  await assert.rejects(aborted, /enough/)
  await assert.rejects(pool.acquireById('00000000', { signal: stop.signal }), /enough/)
  lease.release()
  const { acquires, hits, misses, timeouts, aborts, waiting } = pool.stats()
  assert.deepEqual([acquires, hits + misses, timeouts, aborts, waiting], [6, 1, 3, 2, 0])
})

test('an id is known also of a connection that a listener of its opening has taken', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t)
  const taken: (Lease<Socket> | null)[] = []
  pool.once('open', () => taken.push(pool.tryAcquire()))
  const [client] = await clients(t, port, 1)
  assert.equal(taken[0]?.id, client?.id)
  taken[0]?.release()
  const lease = await pool.acquireById(client?.id ?? '', { timeoutMs: 0 })
  assert.equal(lease.id, client?.id)
  lease.release()
})

test('what is no id is refused, and so are options that there are not', { timeout }, async (t) => {
  const { pool } = await openServer(t)
  for (const id of ['', 'ABCDEF01', '1234567', '123456789', 'xyzxyzxy', 7, null]) {
    await assert.rejects(pool.acquireById(id as string), InvalidOptionError)
  }
  await assert.rejects(pool.acquireById('00000000', { priority: 1 } as object), InvalidOptionError)
})

test('a connection that its peer ends while it is stocked leaves the stock, and its id with it', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t)
  const [gone, there] = await clients(t, port, 2)
  gone?.socket.destroy()
  await until(() => pool.stats().closed.died === 1)
  assert.equal(pool.stats().idle, 1)
  const lease = await pool.acquire()
  assert.equal(lease.id, there?.id)
  await assert.rejects(pool.acquireById(gone?.id ?? '', { timeoutMs: 0 }), AcquireTimeoutError)
  lease.release()
})

test('bytes that a peer sends early are for whoever has the connection first', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t)
  const [client] = await clients(t, port, 1)
  client?.socket.write('early')
  const lease = await pool.acquire()
  const [bytes] = await once(lease.connection, 'data')
  assert.equal(String(bytes), 'early')
  lease.release()
})

test('a handshake of the caller’s own makes a connection ready, after its id is sent', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t, {
    handshake: async (socket) => {
      const [bytes] = await once(socket, 'data')
      if (String(bytes) !== 'password') throw new Error('wrong password')
    },
  })
  const [right, wrong] = await clients(t, port, 2)
  wrong?.socket.write('guess')
  await once(wrong?.socket as Socket, 'close')
  assert.equal(pool.stats().handshaking, 1)
  right?.socket.write('password')
  const lease = await pool.acquire()
  assert.equal(lease.id, right?.id)
  assert.ok((lease.info.timings?.handshake ?? -1) >= 0)
  lease.release()
  assert.equal(pool.stats().rejected.handshake, 1)
})

test('it listens on a path, too, whatever is allowed', { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connpool-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'socket')
  const { pool } = await openServer(t, { path, allow: [], maxPerPeer: 1 })
  assert.equal(pool.address(), path)
  const sockets = [connect(path), connect(path)]
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  const leases = [await pool.acquire(), await pool.acquire()]
  for (const lease of leases) {
    assert.equal(lease.info.address, path)
    lease.release()
  }
})

test('a listener of the caller’s own may listen on a path', { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connpool-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'socket')
  const listener = createServer().listen(path)
  t.after(() => listener.close())
  await once(listener, 'listening')
  const { pool } = await openServer(t, { listener, allow: [] })
  const socket = connect(path)
  t.after(() => socket.destroy())
  const lease = await pool.acquire()
  assert.equal(lease.info.address, path)
  lease.release()
})

test('a server of the caller’s own is used as it is, and left listening', {
  timeout,
}, async (t) => {
  const listener = createServer()
  t.after(() => listener.close())
  const pool = createServerPool({ name: 'server', listener })
  assert.equal(pool.address(), null)
  const ready = pool.ready()
  listener.listen(0, '127.0.0.1')
  await ready
  const { port } = listener.address() as { port: number }
  const [client] = await clients(t, port, 1)
  const lease = await pool.acquire()
  assert.equal(lease.id, client?.id)
  lease.release()
  await pool.close()
  assert.equal(listener.listening, true)
  assert.equal(listener.listenerCount('connection'), 0)
  assert.equal(listener.listenerCount('error'), 0)
})

test('where the listener closes, what is stocked is lent all the same', { timeout }, async (t) => {
  const listener = createServer().listen(0, '127.0.0.1')
  await once(listener, 'listening')
  const { pool, port } = await openServer(t, { listener })
  const [client] = await clients(t, port, 1)
  await until(() => pool.stats().idle === 1)
  listener.close()
  const lease = await pool.acquire()
  assert.equal(lease.id, client?.id)
  lease.release()
  assert.equal(pool.address(), null)
})

test('a port that is taken is told by ready(), and the pool is closed', { timeout }, async (t) => {
  const { port } = await openServer(t)
  const second = createServerPool({ name: 'second', host: '127.0.0.1', port })
  await assert.rejects(second.ready(), (error) => {
    assert.ok(error instanceof ListenFailedError)
    assert.match(error.message, /^second: it cannot listen: .*EADDRINUSE/)
    assert.equal((error.cause as NodeJS.ErrnoException).code, 'EADDRINUSE')
    return true
  })
  await assert.rejects(second.acquire(), PoolClosedError)
  await second.close()
})

test('who waits for it to listen is refused in time, and when it is closed first', {
  timeout,
}, async () => {
  const pool = createServerPool({ name: 'server', listener: createServer() })
  await assert.rejects(
    pool.ready({ timeoutMs: 10 }),
    /^AcquireTimeoutError: server: it did not listen/,
  )
  const ready = pool.ready()
  const closed = pool.close()
  await assert.rejects(ready, PoolClosedError)
  await closed
  await assert.rejects(pool.ready(), PoolClosedError)
})

test('ready() of one that was closed is refused', { timeout }, async (t) => {
  const { pool } = await openServer(t)
  await pool.close()
  await assert.rejects(pool.ready(), PoolClosedError)
})

test('who waits for an id while the pool is paused is served when it is not', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t)
  const [client] = await clients(t, port, 1)
  pool.pause()
  const waiting = pool.acquireById(client?.id ?? '')
  await turns(5)
  assert.equal(pool.stats().waiting, 1)
  pool.resume()
  const lease = await waiting
  lease.release()
})

test('close ends what listens, what shakes hands and what is idle, and waits for what is lent', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t, { handshake: () => new Promise(() => {}) })
  const [client] = await clients(t, port, 1)
  assert.equal(pool.stats().handshaking, 1)
  const byId = pool.acquireById('00000000')
  const closed = once(client?.socket as Socket, 'close')
  await Promise.all([pool.close(), closed, assert.rejects(byId, PoolClosedError)])
  assert.deepEqual([pool.address(), pool.stats().handshaking, pool.stats().open], [null, 0, 0])
  const late = connect(port, '127.0.0.1')
  const [error] = await once(late, 'error')
  assert.equal(error.code, 'ECONNREFUSED')
})

const refused = {
  'nowhere to listen': {},
  'a port and a path': { port: 0, path: '/tmp/x' },
  'a host without a port': { path: '/tmp/x', host: '127.0.0.1' },
  'a listener and its backlog': { listener: createServer(), backlog: 5 },
  'a listener that is none': { listener: {} },
  'a port that is none': { port: 65_536 },
  'an option of pools that dial': { port: 0, min: 1 },
  'a network that is none': { port: 0, allow: ['10.0.0.0/40'] },
  'TLS without a certificate': { port: 0, tls: {} },
  'TLS with a certificate that is none': { port: 0, tls: { key: 'x', cert: 'y' } },
  'certificates of peers that nobody vouches for': {
    port: 0,
    tls: { key: 'x', cert: 'y', requestCert: true },
  },
  'an option of TLS that there is not': { port: 0, tls: { certificate: 'x' } },
  'no connections': { port: 0, maxConnections: 0 },
  'no time': { port: 0, handshakeTimeoutMs: 0 },
}

for (const [what, options] of Object.entries(refused)) {
  test(`refused: ${what}`, () => {
    assert.throws(() => createServerPool(options as { port: number }), InvalidOptionError)
  })
}
