import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { codeOf } from '../../src/pool/failure.ts'
import type { Rejection } from '../../src/server/index.ts'
import { CertificateAuthority, type Identity } from '../support/certificates.ts'
import { closeOf } from './support/close-of.ts'
import { openServer, until } from './support/places.ts'
import { namedClient } from './support/plain-peer.ts'

const timeout = 20_000

let authority: CertificateAuthority
let identity: Identity
before(async () => {
  authority = await CertificateAuthority.create('CA of the tests')
  identity = await authority.forServer()
})

/** A peer that hears what comes, and whether it is turned away. */
class Peer {
  readonly socket: Socket
  heard = ''

  constructor(t: { after(end: () => void): void }, port: number, localAddress?: string) {
    this.socket = connect({ port, host: '127.0.0.1', ...(localAddress && { localAddress }) })
    this.socket.on('error', () => {})
    this.socket.on('data', (bytes) => {
      this.heard += String(bytes)
    })
    t.after(() => this.socket.destroy())
  }

  get closed(): Promise<unknown> {
    return closeOf(this.socket)
  }
}

test('a peer that is not allowed is closed before a byte is written, and before TLS', {
  timeout,
}, async (t) => {
  const told: Rejection[] = []
  const { pool, port } = await openServer(t, {
    allow: ['127.0.0.2'],
    onReject: (rejection) => told.push(rejection),
  })
  const peer = new Peer(t, port)
  await peer.closed
  assert.equal(peer.heard, '')
  assert.equal(pool.stats().rejected.notAllowed, 1)
  assert.equal(told[0]?.reason, 'notAllowed')
  assert.match(told[0]?.address ?? '', /^127\.0\.0\.1:\d+$/)
  new Peer(t, port, '127.0.0.2')
  const lease = await pool.acquire()
  lease.release()
})

test('bytes that are no TLS are turned away, with the reason', { timeout }, async (t) => {
  const told: Rejection[] = []
  const { pool, port } = await openServer(t, {
    tls: identity,
    onReject: (rejection) => told.push(rejection),
  })
  const peer = new Peer(t, port)
  peer.socket.write('GET / HTTP/1.1\r\n\r\n')
  await peer.closed
  await until(() => pool.stats().rejected.tls === 1)
  assert.equal(codeOf(told[0]?.error), 'ERR_SSL_HTTP_REQUEST')
  const cut = new Peer(t, port)
  await once(cut.socket, 'connect')
  cut.socket.destroy()
  await until(() => pool.stats().rejected.tls === 2)
  assert.equal(pool.stats().handshaking, 0)
})

test('a handshake that has no end is cut off: OpenSSL takes no message so long', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t, { tls: identity })
  const peer = new Peer(t, port)
  // A ClientHello of 16 MB, in records of 16 KiB.
  const record = Buffer.concat([Buffer.from([22, 3, 1, 64, 0]), Buffer.alloc(16_384)])
  const first = Buffer.from(record)
  first.set([1, 255, 255, 255], 5)
  peer.socket.write(first)
  for (let i = 0; i < 1_024; i++) peer.socket.write(record)
  await peer.closed
  await until(() => pool.stats().rejected.tls === 1)
  assert.equal(pool.stats().handshaking, 0)
})

test('a peer without a certificate, or with another’s, is turned away by mTLS, and told as such', {
  timeout,
}, async (t) => {
  const told: Rejection[] = []
  const { pool, port } = await openServer(t, {
    tls: { ...identity, ca: authority.cert, requestCert: true },
    onReject: (rejection) => told.push(rejection),
  })
  const { cert: ca } = authority
  const stranger = await (await CertificateAuthority.create('another CA')).forClient()
  const friend = await authority.forClient()
  for (const own of [{}, stranger]) {
    const socket = connectTls({ port, ca, servername: 'localhost', ...own })
    socket.on('error', () => {})
    await closeOf(socket)
  }
  await until(() => pool.stats().rejected.tls === 2)
  for (const { error } of told)
    assert.match(String(error), /its certificate is refused|peer did not return a certificate/)
  const { id, socket } = await namedClient(port, { ca, servername: 'localhost', ...friend })
  t.after(() => socket.destroy())
  const lease = await pool.acquireById(id)
  lease.release()
  assert.equal(pool.stats().opened, 1)
})

test('TLS 1.2 is turned away where nothing is said of it, and spoken where it is allowed', {
  timeout,
}, async (t) => {
  const old = { maxVersion: 'TLSv1.2' as const, ca: authority.cert, servername: 'localhost' }
  const strict = await openServer(t, { tls: identity })
  const refused = connectTls({ port: strict.port, ...old })
  const [error] = await once(refused, 'error')
  assert.match(error.code, /PROTOCOL_VERSION/)
  const lax = await openServer(t, { tls: { ...identity, minVersion: 'TLSv1.2' } })
  const { socket } = await namedClient(lax.port, old)
  socket.destroy()
})

test('of 10,000 who connect at once 1,000 are let in, and the others are told by the end', {
  timeout: 60_000,
}, async (t) => {
  const { pool, port } = await openServer(t, { maxConnections: 1_000, backlog: 4_096 })
  let ended = 0
  const sockets: Socket[] = []
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  const waves = 10
  for (let wave = 0; wave < waves; wave++) {
    for (let i = 0; i < 1_000; i++) {
      const socket = connect(port, '127.0.0.1')
      sockets.push(socket)
      socket.on('error', () => {})
      socket.on('close', () => ended++)
      socket.resume()
    }
    await until(() => pool.stats().opened + pool.stats().rejected.full === (wave + 1) * 1_000)
  }
  await until(() => ended === 9_000)
  const { open, idle, opened, rejected } = pool.stats()
  assert.deepEqual([open, idle, opened, rejected.full], [1_000, 1_000, 1_000, 9_000])
})

test('an address has as many connections as it may, others as many again', {
  timeout,
}, async (t) => {
  const { pool, port } = await openServer(t, { maxPerPeer: 2 })
  new Peer(t, port, '127.0.0.1')
  new Peer(t, port, '127.0.0.1')
  await until(() => pool.stats().opened === 2)
  const third = new Peer(t, port, '127.0.0.1')
  await third.closed
  assert.equal(pool.stats().rejected.perPeer, 1)
  new Peer(t, port, '127.0.0.2')
  await until(() => pool.stats().opened === 3)
})

test('a peer that comes and goes in a loop has to wait between', { timeout }, async (t) => {
  const { pool, port } = await openServer(t)
  let times = 0
  while (pool.stats().rejected.perPeer === 0) {
    const peer = new Peer(t, port, '127.0.0.3')
    await once(peer.socket, 'connect')
    peer.socket.destroy()
    times++
    await until(() => {
      const { opened, open, rejected } = pool.stats()
      return opened + rejected.perPeer === times && open === 0
    })
  }
  assert.ok(times > 10, `it was barred at the ${times}th time`)
  new Peer(t, port, '127.0.0.4')
  await until(() => pool.stats().open === 1)
})

test('what onReject throws is reported once, and harms nobody', { timeout }, async (t) => {
  const { pool, port } = await openServer(t, {
    allow: [],
    onReject: () => {
      throw new Error('mine')
    },
  })
  const warned = once(process, 'warning')
  for (let i = 0; i < 2; i++) await new Peer(t, port).closed
  const [warning] = await warned
  assert.match(warning.message, /^server: onReject\(\) threw: .*mine/)
  assert.equal(pool.stats().rejected.notAllowed, 2)
})
