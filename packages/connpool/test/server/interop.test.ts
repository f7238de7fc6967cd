import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { before, describe, test } from 'node:test'
import { CertificateAuthority, type Identity, selfSigned } from '../support/certificates.ts'
import { openClient, openServer } from './support/places.ts'
import { namedClient, namingServer } from './support/plain-peer.ts'

const timeout = 10_000

let authority: CertificateAuthority
let verified: Identity
let unverified: Identity
before(async () => {
  authority = await CertificateAuthority.create('CA of the tests')
  verified = await authority.forServer()
  unverified = await selfSigned()
})

/** The three modes of the wire, each with what either end needs. */
const modes = [
  {
    mode: '0, plain',
    serverTls: () => 'off' as const,
    peerServer: () => null,
    clientTls: () => 'off' as const,
    peerClient: () => null,
  },
  {
    mode: '1, TLS unverified',
    serverTls: () => unverified,
    peerServer: () => ({ ...unverified, minVersion: 'TLSv1.3' as const }),
    clientTls: () => 'insecure' as const,
    peerClient: () => ({ rejectUnauthorized: false, minVersion: 'TLSv1.3' as const }),
  },
  {
    mode: '2, TLS verified',
    serverTls: () => verified,
    peerServer: () => ({ ...verified, minVersion: 'TLSv1.3' as const }),
    clientTls: () => ({ ca: authority.cert }),
    peerClient: () => ({ ca: authority.cert, servername: 'localhost' }),
  },
]

async function hears(socket: Socket, text: string): Promise<void> {
  let heard = ''
  while (heard.length < text.length) {
    const [bytes] = await once(socket, 'data')
    heard += String(bytes)
  }
  assert.equal(heard, text)
}

for (const { mode, serverTls, peerServer, clientTls, peerClient } of modes) {
  describe(`mode ${mode}`, () => {
    test('a client that knows the wire alone is named by our server, and each end finds the other by its id', {
      timeout,
    }, async (t) => {
      const { pool, port } = await openServer(t, { tls: serverTls() })
      const clients = await Promise.all([1, 2, 3].map(() => namedClient(port, peerClient())))
      t.after(() => {
        for (const { socket } of clients) socket.destroy()
      })
      for (const { id } of clients) assert.match(id, /^[\da-f]{8}$/)
      const [, second] = clients
      assert.ok(second)
      const lease = await pool.acquireById(second.id)
      assert.equal(lease.id, second.id)
      lease.connection.write('from the server')
      await hears(second.socket, 'from the server')
      second.socket.write('from the client')
      await hears(lease.connection, 'from the client')
      lease.release()
      const any = await pool.acquire()
      assert.ok(clients.some(({ id }) => id === any.id))
      any.release()
    })

    test('our client reads the id of a server that knows the wire alone, and each end finds the other by it', {
      timeout,
    }, async (t) => {
      const met = new Map<string, Socket>()
      const server = await namingServer(peerServer(), (id, socket) => met.set(id, socket))
      t.after(() => server.close())
      const pool = openClient(t, { port: server.port, tls: clientTls(), minCapacity: 3 })
      await pool.ready()
      assert.equal(met.size, 3)
      const [[id, socket] = []] = met
      assert.ok(id !== undefined && socket !== undefined)
      const lease = await pool.acquireById(id)
      t.after(() => lease.connection.destroy())
      assert.equal(lease.id, id)
      lease.connection.write('from the client')
      await hears(socket, 'from the client')
      socket.write('from the server')
      await hears(lease.connection, 'from the server')
    })
  })
}
