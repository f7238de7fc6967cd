import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { before, test } from 'node:test'
import type { ServerPool } from '../../src/server/index.ts'
import { type Identity, selfSigned } from '../support/certificates.ts'
import { openServer, until } from './support/places.ts'
import { namedClient } from './support/plain-peer.ts'

const timeout = 30_000

let identity: Identity
before(async () => {
  identity = await selfSigned()
})

/** Peers that connect and say nothing; all are there when it resolves. */
async function silent(
  t: { after(end: () => void): void },
  { pool, port }: { readonly pool: ServerPool; readonly port: number },
  count: number,
): Promise<{ readonly ended: number }> {
  const sockets: Socket[] = []
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  const seen = { ended: 0 }
  const before = pool.stats().handshaking + pool.stats().rejected.timeout
  for (let i = 0; i < count; i++) {
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    socket.on('close', () => {
      seen.ended += 1
    })
    socket.resume()
    sockets.push(socket)
  }
  await until(() => pool.stats().handshaking + pool.stats().rejected.timeout === before + count)
  return seen
}

test('beside 1,000 silent peers one that speaks is stocked within 100 ms, and they are dropped in time', {
  timeout,
}, async (t) => {
  const server = await openServer(t, {
    tls: identity,
    maxConnections: 2_000,
    handshakeTimeoutMs: 2_000,
  })
  const { pool, port } = server
  const heapBefore = process.memoryUsage().rss
  const peers = await silent(t, server, 1_000)
  const begun = performance.now()
  const { socket } = await namedClient(port, { rejectUnauthorized: false })
  t.after(() => socket.destroy())
  const lease = await pool.acquire()
  const tookMs = performance.now() - begun
  lease.release()
  assert.ok(tookMs < 100, `it took ${tookMs} ms`)
  assert.equal(pool.stats().handshaking, 1_000)
  const grownMB = (process.memoryUsage().rss - heapBefore) / 2 ** 20
  assert.ok(grownMB < 300, `${grownMB} MB for both ends of 1,000 peers`)
  await until(() => peers.ended === 1_000)
  const { handshaking, rejected, open } = pool.stats()
  assert.deepEqual([handshaking, rejected.timeout, open], [0, 1_000, 1])
  if (process.platform === 'linux') {
    const descriptors = readdirSync('/proc/self/fd').length
    assert.ok(descriptors < 100, `${descriptors} descriptors are left open`)
  }
})

test('where handshakes are as many as may be, the oldest gives way to the newest', {
  timeout,
}, async (t) => {
  const server = await openServer(t, {
    tls: identity,
    maxHandshakes: 10,
    handshakeTimeoutMs: Infinity,
  })
  const { pool, port } = server
  await silent(t, server, 30)
  assert.deepEqual([pool.stats().handshaking, pool.stats().rejected.timeout], [10, 20])
  const { socket } = await namedClient(port, { rejectUnauthorized: false })
  t.after(() => socket.destroy())
  const lease = await pool.acquire()
  lease.release()
})

test('a peer that agrees on TLS and then says nothing is stocked, or dropped by the handshake’s time', {
  timeout,
}, async (t) => {
  const mute = await openServer(t, { tls: identity })
  const first = await namedClient(mute.port, { rejectUnauthorized: false })
  t.after(() => first.socket.destroy())
  await until(() => mute.pool.stats().idle === 1)
  const asked = await openServer(t, {
    tls: identity,
    handshakeTimeoutMs: 200,
    handshake: () => new Promise(() => {}),
  })
  const second = await namedClient(asked.port, { rejectUnauthorized: false })
  t.after(() => second.socket.destroy())
  await until(() => asked.pool.stats().rejected.timeout === 1)
  assert.equal(asked.pool.stats().open, 0)
})
