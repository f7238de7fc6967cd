import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { before, test } from 'node:test'
import type { TlsOptions as ServerOptions } from 'node:tls'
import type { FailureClass, FailureContext, TlsOptions } from '../../src/index.ts'
import { tlsFailure } from '../../src/net/tls-failure.ts'
import { readTls } from '../../src/net/tls-options.ts'
import { ManualClock, type RudeBehaviour, RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority, type Identity, selfSigned } from '../support/certificates.ts'
import { next } from '../support/next.ts'
import { openPool } from '../support/open-pool.ts'
import { socketsMade } from '../support/sockets-made.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000
const DELAY_MS = 5_000

let authority: CertificateAuthority
let ca: string
let identity: Identity
let client: Identity
before(async () => {
  authority = await CertificateAuthority.create('CA of the tests')
  ca = authority.cert
  identity = await authority.forServer()
  client = await authority.forClient()
})

/** What goes wrong, and how it is told: `ADDRESS`, `FIRST`, `LAST` and `NOW` stand for what they are. */
interface Failure {
  /** What the server is: its TLS options, or what it does without TLS. */
  readonly server:
    | (() => Promise<ServerOptions> | ServerOptions)
    | { readonly plain: RudeBehaviour }
  readonly host?: string
  readonly tls?: () => TlsOptions
  readonly class?: FailureClass
  readonly code: string | RegExp
  readonly says: string
}

const failures: Record<string, Failure> = {
  'a certificate that has expired': {
    server: () => authority.forServer({ validity: 'expired' }),
    code: 'CERT_HAS_EXPIRED',
    says: 'certificate of ADDRESS expired on LAST (now NOW)',
  },
  'a certificate that is not valid yet': {
    server: () => authority.forServer({ validity: 'not yet valid' }),
    code: 'CERT_NOT_YET_VALID',
    says: 'certificate of ADDRESS is not valid before FIRST (now NOW)',
  },
  'a certificate whose CA has expired': {
    server: async () => {
      const between = await authority.forAuthority({ name: 'CA between', validity: 'expired' })
      return chained(await between.forServer(), between)
    },
    code: 'CERT_HAS_EXPIRED',
    says: 'certificate of ADDRESS is signed by CN=CA between, which has expired, or one above it has',
  },
  'a certificate whose CA is not valid yet': {
    server: async () => {
      const between = await authority.forAuthority({ name: 'between', validity: 'not yet valid' })
      return chained(await between.forServer(), between)
    },
    code: 'CERT_NOT_YET_VALID',
    says: 'certificate of ADDRESS is signed by CN=between, which is not valid yet, or one above it is not',
  },
  'a certificate for another name': {
    server: () => authority.forServer({ name: 'other', hosts: ['other.example', '10.0.0.1'] }),
    host: 'db.example',
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    says: 'certificate of ADDRESS is for "other" (DNS:other.example, IP Address:10.0.0.1), and not for "db.example"',
  },
  'a certificate for another address': {
    server: () => authority.forServer({ name: 'other', hosts: ['10.0.0.1'] }),
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    says: 'certificate of ADDRESS is for "other" (IP Address:10.0.0.1), and not for "127.0.0.1"',
  },
  'a certificate for a hundred names': {
    server: () =>
      authority.forServer({ hosts: Array.from({ length: 100 }, (_, i) => `${i}.other.example`) }),
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
    says: '..., DNS:8.other.example, DNS:9.other...), and not for "127.0.0.1"',
  },
  'a certificate that nobody signed': {
    server: () => selfSigned({ name: 'alone' }),
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
    says: 'certificate of ADDRESS is signed by itself (CN=alone), and is none of those that are trusted (tls.ca)',
  },
  'a certificate of an unknown CA': {
    server: async () => (await CertificateAuthority.create('unknown CA')).forServer(),
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    says: 'certificate of ADDRESS is signed by CN=unknown CA, which is none of the trusted CAs (tls.ca)',
  },
  'a certificate of an unknown CA that is sent along': {
    server: async () => {
      const unknown = await CertificateAuthority.create('unknown CA')
      return chained(await unknown.forServer(), unknown)
    },
    code: 'SELF_SIGNED_CERT_IN_CHAIN',
    says: 'certificate of ADDRESS is signed by CN=unknown CA, which leads to none of the trusted CAs (tls.ca)',
  },
  'a certificate of a CA between that is not sent along': {
    server: async () => (await authority.forAuthority({ name: 'CA between' })).forServer(),
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    says: 'certificate of ADDRESS is signed by CN=CA between, which is none of the trusted CAs (tls.ca)',
  },
  'a chain whose CA is not sent along': {
    server: async () => {
      const unknown = await CertificateAuthority.create('unknown CA')
      const between = await unknown.forAuthority({ name: 'CA between' })
      return chained(await between.forServer(), between)
    },
    code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    says: 'certificate of ADDRESS is signed by CN=CA between, which leads to none of the trusted CAs (tls.ca)',
  },
  'a certificate of a client': {
    server: () => client,
    code: 'INVALID_PURPOSE',
    says: 'certificate of ADDRESS, or one above it, is not made for what it is used for',
  },
  'a certificate with another fingerprint': {
    server: () => identity,
    tls: () => ({ ca, fingerprints: ['AB'.repeat(32)] }),
    code: 'ERR_TLS_CERT_FINGERPRINT_INVALID',
    says: `certificate of ADDRESS has fingerprint FINGERPRINT, expected one of ${'AB:'.repeat(32).slice(0, -1)}`,
  },
  'a server with older versions only': {
    server: () => ({ ...identity, maxVersion: 'TLSv1.2' }),
    code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    says: 'ADDRESS offers no TLS version from TLSv1.3 on',
  },
  'a server with newer versions only': {
    server: () => ({ ...identity, minVersion: 'TLSv1.3' }),
    tls: () => ({ ca, minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }),
    code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    says: 'ADDRESS offers no TLS version from TLSv1.2 to TLSv1.2',
  },
  'a server that begins with an older version than was offered': {
    server: answering(
      Buffer.concat([hex('16030300 2c 020000 28 0303'), Buffer.alloc(32, 1), hex('00c02b000000')]),
    ),
    code: 'ERR_SSL_UNSUPPORTED_PROTOCOL',
    says: 'ADDRESS offers no TLS version from TLSv1.3 on',
  },
  'a server that speaks none of our protocols': {
    server: () => ({ ...identity, ALPNProtocols: ['http/1.1'] }),
    tls: () => ({ ca, alpnProtocols: ['h2', 'h3'] }),
    code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
    says: 'ADDRESS speaks none of the protocols h2, h3',
  },
  'a server of TLS 1.2 that wants a certificate of ours': {
    server: () => ({ ...identity, ca, requestCert: true, maxVersion: 'TLSv1.2' }),
    tls: () => ({ ca, minVersion: 'TLSv1.2' }),
    code: /^ERR_SSL_SSL(V3|\/TLS)_ALERT_HANDSHAKE_FAILURE$/,
    says: 'ADDRESS refused the TLS handshake: it accepts none of our ciphers, or wants a certificate of ours (tls.cert)',
  },
  'a server that accepts none of our ciphers': {
    server: alerting(40),
    tls: () => ({ ca, ...client }),
    code: /^ERR_SSL_SSL(V3|\/TLS)_ALERT_HANDSHAKE_FAILURE$/,
    says: 'ADDRESS refused the TLS handshake: it accepts none of our ciphers, or not our certificate',
  },
  'a server that does not know the CA of our certificate': {
    server: alerting(48),
    tls: () => ({ ca, ...client }),
    code: 'ERR_SSL_TLSV1_ALERT_UNKNOWN_CA',
    says: 'ADDRESS refused our certificate (tls.cert): unknown ca',
  },
  'a server that finds our certificate expired': {
    server: alerting(45),
    tls: () => ({ ca, ...client }),
    code: /^ERR_SSL_SSL(V3|\/TLS)_ALERT_CERTIFICATE_EXPIRED$/,
    says: 'ADDRESS refused our certificate (tls.cert): certificate expired',
  },
  'a server that lets nobody in': {
    server: alerting(49),
    code: 'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
    says: 'ADDRESS refused us: access denied',
  },
  'a server that does not know the name': {
    server: alerting(112),
    host: 'db.example',
    code: 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME',
    says: 'ADDRESS has no certificate for "db.example"',
  },
  'a server that speaks no TLS, and first': {
    server: {
      plain: (connection) => {
        connection.ignore()
        return connection.write('220 ready\r\n')
      },
    },
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
    says: 'ADDRESS speaks no TLS: it answered with other bytes',
  },
  'a server that speaks no TLS, and answers': {
    server: answering('HTTP/1.1 400 Bad Request\r\n\r\n'),
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
    says: 'ADDRESS speaks no TLS: it answered with other bytes',
  },
  'a server that sends back what it gets': {
    server: { plain: 'echo' },
    code: 'ERR_SSL_UNEXPECTED_MESSAGE',
    says: 'ADDRESS speaks no TLS: it answered with other bytes',
  },
  'a server that sends bytes like TLS': {
    server: answering(hex('160303ffff0000')),
    code: /^ERR_SSL_(PACKET|DATA)_LENGTH_TOO_LONG$/,
    says: 'ADDRESS speaks no TLS: it answered with other bytes',
  },
  'a server that closes at once': {
    server: {
      plain: (connection) => {
        connection.ignore()
        return connection.end()
      },
    },
    class: 'backend',
    code: 'ECONNRESET',
    says: 'ADDRESS closed the connection during the TLS handshake',
  },
  'a server that closes in the handshake': {
    server: { plain: (connection) => connection.answer(() => connection.end()) },
    class: 'backend',
    code: 'ECONNRESET',
    says: 'ADDRESS closed the connection during the TLS handshake',
  },
  'a server that resets the connection in the handshake': {
    server: { plain: (connection) => connection.answer(() => connection.reset()) },
    class: 'backend',
    code: 'ECONNRESET',
    says: 'ADDRESS reset the connection during the TLS handshake',
  },
  'a server in trouble': {
    server: alerting(80),
    class: 'backend',
    code: 'ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR',
    says: 'ADDRESS broke TLS off: internal error',
  },
}

for (const [what, failure] of Object.entries(failures)) {
  const { tls = () => ({ ca }), class: expected = 'config', host = '127.0.0.1' } = failure
  test(`${what}: told with its reason, class ${expected}, tried once a delay, and no socket is left`, {
    timeout,
  }, async (t) => {
    const { server: failing, fill } = await serve(failure)
    await using server = failing
    const address = `127.0.0.1:${server.port}`
    const clock = new ManualClock()
    const made = socketsMade(t)
    const asked: FailureContext[] = []
    const pool = openPool(t, {
      host,
      port: server.port,
      ...(host !== '127.0.0.1' && { lookup: async () => ['127.0.0.1'] }),
      min: 1,
      tls: tls(),
      clock,
      backoff: { initialMs: DELAY_MS, maxMs: DELAY_MS, jitter: 0, failFastAfter: 1 },
      classify: (_error, context) => {
        asked.push(context)
        return undefined
      },
    })
    const codes = { config: 'ERR_CONNECT_FAILED', backend: 'ERR_POOL_UNAVAILABLE' }
    const told = (error: Error & { code?: string }) => {
      assert.equal(error.code, codes[expected === 'config' ? 'config' : 'backend'])
      const cause = error.cause as Error & { code?: string }
      assert.match(String(cause.code), code)
      if (cause.cause !== undefined)
        assert.equal(Reflect.get(Object(cause.cause), 'code'), cause.code)
      const says = failure.says.replaceAll('ADDRESS', address)
      if (says.startsWith('...')) assert.ok(cause.message.endsWith(says.slice(3)), cause.message)
      else assert.equal(cause.message, says.replace(/FIRST|LAST|NOW|FINGERPRINT/g, fill))
      return true
    }
    const code = typeof failure.code === 'string' ? new RegExp(`^${failure.code}$`) : failure.code
    await assert.rejects(pool.acquire(), told)
    assert.deepEqual(asked, [{ phase: 'tls', address }])
    assert.equal(pool.stats().connectFailures[expected], 1)
    await clock.pass(DELAY_MS - 1)
    await assert.rejects(pool.acquire(), told)
    assert.equal(server.accepted, 1)
    await server.holds(0)
    assert.deepEqual(
      made.map((socket) => socket.destroyed),
      [true],
    )
    await clock.pass(1)
    while (server.accepted < 2) await turns(1)
    assert.equal(pool.stats().opened, 0)
  })
}

test('a server that refuses us after the handshake, as in TLS 1.3, is no death but a failed dial', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: { ...identity, ca, requestCert: true } })
  const clock = new ManualClock()
  const asked: FailureContext[] = []
  const pool = openPool(t, {
    port: server.port,
    min: 1,
    tls: { ca },
    clock,
    backoff: { initialMs: DELAY_MS, maxMs: DELAY_MS, jitter: 0 },
    classify: (_error, context) => {
      asked.push(context)
      return undefined
    },
  })
  const address = `127.0.0.1:${server.port}`
  const failed = next(pool, 'connectFailed')
  const { error, connectionId } = await failed
  assert.equal(connectionId, 1)
  assert.equal(
    (error as Error).message,
    `${address} wants a certificate of ours, and got none (tls.cert)`,
  )
  assert.deepEqual(asked, [{ phase: 'tls', address }])
  assert.equal(pool.stats().connectFailures.config, 1)
  await server.holds(0)
  await clock.pass(DELAY_MS - 1)
  await assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_CONNECT_FAILED')
    assert.match(String(error.cause), /wants a certificate of ours/)
    return true
  })
  assert.equal(server.accepted, 1)
})

test('a borrower whose connection the server refuses after the handshake is told why', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: { ...identity, ca, requestCert: true } })
  const pool = openPool(t, { port: server.port, tls: { ca } })
  const lease = await pool.acquire()
  const { signal } = lease
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve))
  assert.match(String(signal.reason.cause), /wants a certificate of ours/)
  lease.destroy()
})

test('a server that says nothing has tlsTimeoutMs', { timeout }, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'silent' })
  const clock = new ManualClock()
  const pool = openPool(t, {
    port: server.port,
    tls: { ca },
    clock,
    tlsTimeoutMs: 300,
    backoff: { initialMs: DELAY_MS, jitter: 0, failFastAfter: 1 },
  })
  const refused = assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
    const message = `127.0.0.1:${server.port} did not finish the TLS handshake within 300 ms`
    assert.equal((error.cause as Error).message, message)
    return true
  })
  await server.holds(1)
  await turns(3)
  await clock.pass(299)
  assert.equal(server.connections.length, 1)
  await clock.pass(1)
  await refused
  await server.holds(0)
  assert.equal(pool.stats().connecting, 0)
})

test('close() ends a TLS handshake that hangs, and its socket', { timeout }, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'silent' })
  const pool = openPool(t, { port: server.port, tls: { ca } })
  const refused = assert.rejects(pool.acquire(), { code: 'ERR_POOL_CLOSED' })
  await server.holds(1)
  await pool.close()
  await refused
  await server.holds(0)
  assert.equal(pool.stats().open, 0)
})

test('without the certificate, Node’s own words are told', () => {
  const settings = readTls({ name: 'test' }, { ca }, 'db.example') ?? assert.fail()
  const cause = Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' })
  const error = tlsFailure(cause, { address: 'db:1', settings })
  assert.equal(error.message, 'TLS with db:1 failed: certificate has expired')
  assert.equal(Reflect.get(error, 'code'), 'CERT_HAS_EXPIRED')
  assert.equal(error.cause, cause)
})

/** A server that fails as it should, and what stands for the words in its message. */
interface Failing {
  readonly server: RudeServer
  fill(word: string): string
}

async function serve({ server }: Failure): Promise<Failing> {
  if ('plain' in server) {
    return { server: await RudeServer.start({ behaviour: server.plain }), fill: (word) => word }
  }
  const tls = await server()
  const { validFrom, validTo, fingerprint256 } = new X509Certificate(String(tls.cert))
  const words: Record<string, string> = {
    FIRST: dayOf(validFrom),
    LAST: dayOf(validTo),
    NOW: dayOf(Date.now()),
    FINGERPRINT: fingerprint256,
  }
  return { server: await RudeServer.start({ tls }), fill: (word) => words[word] ?? word }
}

function dayOf(at: string | number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** A certificate and those above it. */
function chained({ cert, key }: Identity, ...above: readonly CertificateAuthority[]): Identity {
  return { cert: [cert, ...above.map((one) => one.cert)].join('\n'), key }
}

/** A server that answers whatever it gets with the same bytes. */
function answering(bytes: Buffer | string): Failure['server'] {
  return { plain: (connection) => connection.answer(bytes) }
}

/** A server that answers with a fatal TLS alert. */
function alerting(alert: number): Failure['server'] {
  return answering(Buffer.from([0x15, 3, 3, 0, 2, 2, alert]))
}

function hex(digits: string): Buffer {
  return Buffer.from(digits.replaceAll(' ', ''), 'hex')
}
