import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { before, test } from 'node:test'
import { secure } from '../../src/net/secure.ts'
import { sessionGiver } from '../../src/net/sessions.ts'
import { readTls, type Tls, type TlsSettings } from '../../src/net/tls-options.ts'
import { RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority, type Identity } from '../support/certificates.ts'

const timeout = 10_000
const address = 'there'
const { signal } = new AbortController()
const other = 'AB'.repeat(32)

let authority: CertificateAuthority
let ca: string
let identity: Identity
before(async () => {
  authority = await CertificateAuthority.create('CA of the tests')
  ca = authority.cert
  identity = await authority.forServer()
})

test('an abort ends the handshake with its reason, and the socket', { timeout }, async () => {
  await using server = await RudeServer.start({ behaviour: 'silent' })
  for (const when of ['before', 'meanwhile']) {
    const stream = await dial(server.port)
    await server.holds(1)
    const controller = new AbortController()
    const { signal } = controller
    const reason = new Error('enough')
    if (when === 'before') controller.abort(reason)
    const securing = assert.rejects(secure(stream, settings({ ca }), address, signal), reason)
    controller.abort(reason)
    await securing
    assert.equal(stream.destroyed, true)
    await server.holds(0)
  }
})

test('a stream that is closed already is told at once', { timeout }, async () => {
  await using server = await RudeServer.start()
  const stream = await dial(server.port)
  stream.destroy()
  await assert.rejects(
    secure(stream, settings({ ca }), address, signal),
    /there closed the connection/,
  )
})

test('the fingerprint of a resumed session is compared', { timeout }, async () => {
  await using server = await RudeServer.start({ tls: identity })
  const once = { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2', ca } as const
  const open = settings(once)
  ;(await secure(await dial(server.port), open, address, signal)).destroy()
  const session = open.sessions.newest(address)
  assert.ok(session?.fingerprint)
  for (const [fingerprint, expected] of [
    [session.fingerprint, undefined],
    [other, /has fingerprint .*, expected one of AB:AB:/],
  ] as const) {
    const pinned = settings({ ...once, fingerprints: [fingerprint] })
    pinned.sessions.keep(address, session)
    const securing = secure(await dial(server.port), pinned, address, signal)
    if (expected !== undefined) {
      await assert.rejects(securing, expected)
      continue
    }
    const socket = await securing
    assert.equal(socket.isSessionReused(), true)
    socket.destroy()
  }
})

test('with TLS 1.3 a session is given once its ticket came, and a newer one takes its place', {
  timeout,
}, async () => {
  await using server = await RudeServer.start({ tls: identity })
  const tls = settings({ ca })
  const kept: (Buffer | undefined)[] = []
  // The server sends a ticket to whom it did not know, and not to whom it did.
  for (const [resumed, ticket] of [
    [false, true],
    [true, false],
    [false, true],
  ]) {
    if (kept.length === 2) server.renew(identity)
    const socket = await secure(await dial(server.port), tls, address, signal)
    assert.equal(socket.isSessionReused(), resumed)
    const give = sessionGiver(socket) ?? assert.fail('it gives none')
    assert.equal(give(), false)
    await answered(socket)
    assert.equal(give(), ticket)
    kept.push(tls.sessions.newest(address)?.bytes)
    socket.destroy()
  }
  const [first, second, third] = kept
  assert.ok(first && third)
  assert.equal(second, first)
  assert.notDeepEqual(third, first)
})

test('a connection to which no ticket comes is soon asked no more', { timeout }, async () => {
  await using server = await RudeServer.start({ tls: identity })
  const socket = await secure(await dial(server.port), settings({ ca }), address, signal)
  const give = sessionGiver(socket) ?? assert.fail('it gives none')
  const answers = Array.from({ length: 5 }, give)
  assert.deepEqual(answers, [false, false, false, false, true])
  socket.destroy()
})

test('a session is forgotten when the server refuses us after the handshake', {
  timeout,
}, async () => {
  await using server = await RudeServer.start({ tls: identity })
  const tls = settings({ ca })
  const first = await secure(await dial(server.port), tls, address, signal)
  await answered(first)
  sessionGiver(first)?.()
  first.destroy()
  assert.ok(tls.sessions.newest(address))
  await using strict = await RudeServer.start({ tls: { ...identity, ca, requestCert: true } })
  const second = await secure(await dial(strict.port), tls, address, signal)
  assert.equal(second.isSessionReused(), false)
  await new Promise((resolve) => second.once('close', resolve))
  assert.match(String(second.errored), /wants a certificate of ours/)
  assert.equal(tls.sessions.newest(address), undefined)
})

test('of a connection that is not trusted no session is kept', { timeout }, async () => {
  await using server = await RudeServer.start({ tls: identity })
  const pinned = settings({
    ca,
    minVersion: 'TLSv1.2',
    maxVersion: 'TLSv1.2',
    fingerprints: [other],
  })
  const securing = secure(await dial(server.port), pinned, address, signal)
  await assert.rejects(securing, { code: 'ERR_TLS_CERT_FINGERPRINT_INVALID' })
  assert.equal(pinned.sessions.newest(address), undefined)
})

function settings(tls: Tls, host = 'localhost'): TlsSettings {
  return readTls({ name: 'test' }, tls, host) ?? assert.fail('TLS is off')
}

/** Resolves once the server has agreed, too: it does so after us. */
async function answered(socket: Socket): Promise<void> {
  socket.write('hello')
  await once(socket, 'data')
}

async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}
