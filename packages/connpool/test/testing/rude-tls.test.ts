import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { type TestContext, test } from 'node:test'
import { type ConnectionOptions, connect, TLSSocket } from 'node:tls'
import { type RudeConnection, RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority, type Identity } from '../support/certificates.ts'
import { turns } from '../support/turns.ts'
import { Dialler } from './support/dialler.ts'

const timeout = 10_000
const authority = await CertificateAuthority.create('trusted')

test('with a key and a certificate it speaks TLS, and then behaves', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: await identity() })
  const client = new Dialler(await secure(t, server))
  assert.equal(await client.ask('hello'), 'hello')
  assert.ok(server.connection.socket instanceof TLSSocket)
})

test('it offers the versions and protocols that it is told', { timeout }, async (t) => {
  const tls = { ...(await identity()), maxVersion: 'TLSv1.2', ALPNProtocols: ['two'] } as const
  await using server = await RudeServer.start({ tls })
  const socket = await secure(t, server, { ALPNProtocols: ['one', 'two'] })
  assert.equal(socket.getProtocol(), 'TLSv1.2')
  assert.equal(socket.alpnProtocol, 'two')
})

test('it asks clients for certificates, and refuses those who have none', {
  timeout,
}, async (t) => {
  const tls = {
    ...(await identity()),
    ca: authority.cert,
    requestCert: true,
    rejectUnauthorized: true,
  }
  let served = 0
  await using server = await RudeServer.start({
    tls,
    behaviour: (connection) => {
      served++
      return connection.echo()
    },
  })
  const known = new Dialler(await secure(t, server, await authority.forClient({ name: 'alice' })))
  assert.equal(await known.ask('hello'), 'hello')
  const { socket } = server.connection
  assert.ok(socket instanceof TLSSocket)
  assert.equal(socket.getPeerCertificate().subject.CN, 'alice')
  const unknown = new Dialler(dial(t, server))
  await unknown.ends()
  await server.holds(1)
  assert.equal(served, 1)
})

test('a session can be resumed on the next connection', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: await identity() })
  const first = dial(t, server)
  const [session] = await once(first, 'session')
  const second = await secure(t, server, { session })
  assert.equal(second.isSessionReused(), true)
})

test('options of TLS that are no good keep it from starting', { timeout }, async () => {
  const { cert } = await identity()
  await assert.rejects(RudeServer.start({ tls: { cert, key: 'nonsense' } }), /PEM|DECODER/)
})

test('the TLS handshake waits until the test says so, and then the server behaves', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: await identity(), beforeTls: 'deaf' })
  const socket = dial(t, server)
  await server.holds(1)
  const { connection } = server
  assert.equal(await connection.heard(), true)
  await turns(5)
  const { authorized } = socket
  const secured = once(socket, 'secureConnect')
  assert.equal(await connection.secure(), true)
  assert.equal(await connection.secure(), true)
  await secured
  assert.deepEqual([authorized, socket.authorized], [false, true])
  assert.equal(await new Dialler(socket).ask('hello'), 'hello')
})

test('what is sent and read during the TLS handshake waits until it is done', {
  timeout,
}, async (t) => {
  const tls = await identity()
  await using server = await RudeServer.start({ tls, beforeTls: 'deaf', behaviour: 'deaf' })
  const socket = dial(t, server)
  const client = new Dialler(socket)
  await server.holds(1)
  const { connection } = server
  const secured = connection.secure()
  const done = [connection.write('late'), connection.end(' and over')]
  const heard = connection.read()
  socket.write('early')
  assert.equal(await secured, true)
  await Promise.all(done)
  assert.equal(String(await heard), 'early')
  assert.equal(await client.ends(), 'FIN')
  assert.equal(client.received, 'late and over')
})

test('what was to be dropped during the TLS handshake is dropped after it', {
  timeout,
}, async (t) => {
  const tls = await identity()
  await using server = await RudeServer.start({ tls, beforeTls: 'deaf', behaviour: 'deaf' })
  const socket = dial(t, server)
  await server.holds(1)
  server.connection.secure()
  server.connection.ignore()
  await once(socket, 'secureConnect')
  await new Promise((written) => socket.write(Buffer.alloc(32 << 20), written))
})

test('a certificate can be renewed, and then no session of before is resumed', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: await identity() })
  const old = dial(t, server)
  const [session] = await once(old, 'session')
  const { cert, key } = await identity()
  server.renew({ cert, key })
  const young = await secure(t, server, { session })
  assert.equal(young.isSessionReused(), false)
  const shown = young.getPeerX509Certificate()?.fingerprint256
  assert.equal(shown, new X509Certificate(cert).fingerprint256)
  assert.notEqual(shown, old.getPeerX509Certificate()?.fingerprint256)
  assert.throws(() => server.renew({ cert, key: 'nonsense' }), /PEM|DECODER/)
})

const duringTls: Record<string, [(connection: RudeConnection) => unknown, RegExp]> = {
  'a reset': [(connection) => connection.reset(), /read ECONNRESET/],
  'an end': [(connection) => connection.end(), /disconnected before secure TLS connection/],
  'plain bytes': [(connection) => connection.write('HTTP/1.1 400\r\n'), /SSL routines/],
}

for (const [what, [act, seen]] of Object.entries(duringTls)) {
  test(`${what} may come once the ClientHello has arrived`, { timeout }, async (t) => {
    await using server = await RudeServer.start({
      tls: await identity(),
      beforeTls: async (connection) => {
        assert.equal(await connection.heard(), true)
        return act(connection)
      },
    })
    assert.match(String(await failure(dial(t, server))), seen)
  })
}

test('what is done before TLS is for those accepted from then on', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: await identity() })
  server.beforeTls((connection) => connection.reset())
  assert.match(String(await failure(dial(t, server))), /ECONNRESET|disconnected before/)
  server.beforeTls('secure')
  assert.equal((await secure(t, server)).authorized, true)
})

test('a secured connection is reset beneath TLS', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: await identity() })
  const client = new Dialler(await secure(t, server))
  await client.ask('hello')
  await server.reset()
  assert.equal(await client.ends(), 'ECONNRESET')
  await server.holds(0)
})

test('a reset right after a FIN still closes a secured connection', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: await identity() })
  const client = new Dialler(await secure(t, server))
  await client.ask('hello')
  server.end()
  await server.reset()
  await server.holds(0)
})

test('a secured connection can be ended, and goes on reading', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: await identity(), behaviour: 'deaf' })
  const client = new Dialler(await secure(t, server))
  client.socket.allowHalfOpen = true
  await server.holds(1)
  await server.end()
  assert.equal(await client.ends(), 'FIN')
  client.socket.write('do you hear')
  assert.equal(String(await server.connection.read()), 'do you hear')
})

test('a secured connection may be left half-open', { timeout }, async (t) => {
  const tls = await identity()
  await using server = await RudeServer.start({ tls, behaviour: 'deaf', allowHalfOpen: true })
  const client = new Dialler(await secure(t, server))
  await server.holds(1)
  client.socket.end()
  assert.equal(await server.connection.read(), null)
  await server.write('still here')
  assert.equal(await client.hears(10), 'still here')
})

test('a secured connection can drip', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: await identity(), behaviour: 'drip' })
  const client = new Dialler(await secure(t, server))
  await server.holds(1)
  const written = server.write('hello')
  await server.connection.secure()
  assert.equal(client.received, '')
  server.tick(2)
  assert.equal(await client.hears(2), 'he')
  server.connection.flow()
  await written
  assert.equal(await client.hears(5), 'hello')
})

test('plain bytes in the middle of TLS break it', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: await identity() })
  const client = new Dialler(await secure(t, server))
  await client.ask('hello')
  const { connection } = server
  connection.corrupt('plain bytes')
  assert.match(await client.ends(), /^ERR_SSL_/)
  // The client says so, too.
  while (connection.error === undefined) await turns(1)
  assert.match(String(connection.error), /alert/)
})

test('a plain connection can be secured when the protocol says so', { timeout }, async (t) => {
  const tls = await identity()
  await using server = await RudeServer.start({
    behaviour: async (connection) => {
      connection.write('220 ready\n')
      assert.equal(String(await connection.read()), 'STARTTLS\n')
      connection.write('220 go\n')
      assert.equal(await connection.secure(tls), true)
      return connection.echo()
    },
  })
  const plain = await Dialler.dial(t, server)
  assert.equal(await plain.hears(10), '220 ready\n')
  plain.socket.write('STARTTLS\n')
  assert.equal(await plain.hears(17), '220 ready\n220 go\n')
  const { cert: ca } = authority
  const socket = connect({ socket: plain.socket, ca, servername: 'localhost' })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  assert.equal(await new Dialler(socket).ask('hello'), 'hello')
})

test('without options there is no TLS to be had', { timeout }, async (t) => {
  await assert.rejects(RudeServer.start({ beforeTls: 'deaf' }), /beforeTls needs tls/)
  await using server = await RudeServer.start()
  assert.throws(() => server.beforeTls('deaf'), /beforeTls needs tls/)
  await Dialler.dial(t, server)
  await server.holds(1)
  assert.throws(() => server.connection.secure(), /TLS needs options/)
})

test('a handshake that fails, or whose client leaves, is told, and why', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: await identity(), beforeTls: 'deaf' })
  for (const leave of [
    (client: Dialler) => client.socket.write('these are no TLS records'),
    (client: Dialler) => client.socket.destroy(),
  ]) {
    const client = await Dialler.dial(t, server)
    await server.holds(1)
    const { connection } = server
    const secured = connection.secure()
    leave(client)
    assert.equal(await secured, false)
    await server.holds(0)
    assert.ok(connection.error instanceof Error)
  }
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  const { connection } = server
  await connection.destroy()
  assert.equal(await connection.secure(), false)
  assert.equal(await client.ends(), 'FIN')
})

test('a server is closed in the middle of TLS handshakes, and leaves nothing', {
  timeout,
}, async (t) => {
  const server = await RudeServer.start({ tls: await identity() })
  await Dialler.dial(t, server)
  await server.holds(1)
  const { connection } = server
  await server.close()
  assert.equal(await connection.secure(), false)
})

function identity(): Promise<Identity> {
  return authority.forServer()
}

/** A client that trusts the authority, and has not begun yet. */
function dial(t: TestContext, server: RudeServer, options: ConnectionOptions = {}): TLSSocket {
  const { host, port } = server
  const socket = connect({ host, port, ca: authority.cert, ...options })
  t.after(() => socket.destroy())
  return socket
}

async function secure(
  t: TestContext,
  server: RudeServer,
  options: ConnectionOptions = {},
): Promise<TLSSocket> {
  const socket = dial(t, server, options)
  await once(socket, 'secureConnect')
  return socket
}

async function failure(socket: TLSSocket): Promise<Error> {
  const [error] = await once(socket, 'error')
  return error
}
