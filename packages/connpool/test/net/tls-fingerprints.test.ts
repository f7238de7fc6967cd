import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { before, test } from 'node:test'
import { RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority, type Identity, selfSigned } from '../support/certificates.ts'
import { oneFailure } from '../support/one-failure.ts'
import { openPool } from '../support/open-pool.ts'
import { ask, tlsOf } from '../support/tls-lease.ts'

const timeout = 10_000
const another = 'AB'.repeat(32)

let authority: CertificateAuthority
let ca: string
let identity: Identity
before(async () => {
  authority = await CertificateAuthority.create('CA of the tests')
  ca = authority.cert
  identity = await authority.forServer()
})

test('a certificate with one of the fingerprints is trusted, however that is written', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const colons = fingerprintOf(identity)
  const bare = colons.replaceAll(':', '')
  for (const own of [colons, bare, bare.toLowerCase(), colons.toLowerCase()]) {
    const pool = openPool(t, { port: server.port, tls: { ca, fingerprints: [another, own] } })
    const lease = await pool.acquire()
    assert.equal(await ask(lease), 'hello')
    lease.release()
  }
})

test('a verified certificate with another fingerprint is refused: expected against found', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const { port } = server
  const pool = openPool(t, { port, backoff: oneFailure, tls: { ca, fingerprints: [another] } })
  await assert.rejects(pool.acquire(), (error: Error & { code: string; cause: Error }) => {
    assert.equal(error.code, 'ERR_CONNECT_FAILED')
    assert.equal(
      error.cause.message,
      `certificate of 127.0.0.1:${port} has fingerprint ${fingerprintOf(identity)}, ` +
        `expected one of ${'AB:'.repeat(32).slice(0, -1)}`,
    )
    return true
  })
  await server.holds(0)
})

test('a fingerprint does not replace the other checks', { timeout }, async (t) => {
  const unknown = await selfSigned()
  const elsewhere = await authority.forServer({ hosts: ['elsewhere.example'] })
  for (const [shown, code] of [
    [unknown, 'DEPTH_ZERO_SELF_SIGNED_CERT'],
    [elsewhere, 'ERR_TLS_CERT_ALTNAME_INVALID'],
  ] as const) {
    await using server = await RudeServer.start({ tls: shown })
    const tls = { ca, fingerprints: [fingerprintOf(shown)] }
    const pool = openPool(t, { port: server.port, backoff: oneFailure, tls })
    await assert.rejects(pool.acquire(), (error: Error) => {
      assert.equal((error.cause as { code?: string }).code, code)
      return true
    })
  }
})

test('with rejectUnauthorized false the fingerprint alone is trusted, without a warning', {
  timeout,
}, async (t) => {
  const warnings: Error[] = []
  const warned = (warning: Error) => warnings.push(warning)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  const shown = await selfSigned({ hosts: ['elsewhere.example'] })
  await using server = await RudeServer.start({ tls: shown })
  const pinned = (fingerprint: string) =>
    openPool(t, {
      port: server.port,
      backoff: oneFailure,
      tls: { rejectUnauthorized: false, fingerprints: [fingerprint] },
    })
  const lease = await pinned(fingerprintOf(shown)).acquire()
  assert.equal(await ask(lease), 'hello')
  lease.release()
  await assert.rejects(pinned(another).acquire(), { code: 'ERR_CONNECT_FAILED' })
  assert.deepEqual(warnings, [])
})

test('a resumed connection is trusted for the certificate that began its session', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const tls = { ca, fingerprints: [fingerprintOf(identity)] }
  const pool = openPool(t, { port: server.port, max: 1, tls })
  for (const resumed of [false, true, true]) {
    const lease = await pool.acquire()
    assert.equal(tlsOf(lease).isSessionReused(), resumed)
    assert.equal(await ask(lease), 'hello')
    lease.release()
    pool.invalidate()
  }
})

test('a new certificate with another fingerprint is refused once its server has no session of ours', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const tls = { ca, fingerprints: [fingerprintOf(identity)] }
  const pool = openPool(t, { port: server.port, max: 1, backoff: oneFailure, tls })
  const lease = await pool.acquire()
  await ask(lease)
  lease.release()
  pool.invalidate()
  server.renew(await authority.forServer())
  await assert.rejects(pool.acquire(), (error: Error) => {
    assert.match(String(error.cause), /has fingerprint/)
    return true
  })
})

function fingerprintOf({ cert }: Identity): string {
  return new X509Certificate(cert).fingerprint256
}
