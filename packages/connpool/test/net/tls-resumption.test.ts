import assert from 'node:assert/strict'
import { constants } from 'node:crypto'
import { before, type TestContext, test } from 'node:test'
import { TLSSocket } from 'node:tls'
import type { TcpPool, TlsOptions } from '../../src/index.ts'
import { Sessions } from '../../src/net/sessions.ts'
import { RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority, type Identity } from '../support/certificates.ts'
import { openPool } from '../support/open-pool.ts'
import { ask, tlsOf } from '../support/tls-lease.ts'

const timeout = 10_000

let authority: CertificateAuthority
let ca: string
let identity: Identity
before(async () => {
  authority = await CertificateAuthority.create('CA of the tests')
  ca = authority.cert
  identity = await authority.forServer()
})

for (const version of ['TLSv1.3', 'TLSv1.2'] as const) {
  test(`a connection resumes the session of the one before it, as both ends say: ${version}`, {
    timeout,
  }, async (t) => {
    const agreed: unknown[] = []
    await using server = await RudeServer.start({
      tls: { ...identity, maxVersion: version },
      behaviour: (connection) => {
        const { socket } = connection
        assert.ok(socket instanceof TLSSocket)
        agreed.push([socket.isSessionReused(), socket.getProtocol()])
        return connection.echo()
      },
    })
    const { anew } = dialer(t, server, { ca, minVersion: version })
    assert.deepEqual([await anew(), await anew(), await anew()], [false, true, true])
    assert.deepEqual(agreed, [
      [false, version],
      [true, version],
      [true, version],
    ])
  })
}

test('connections to two pools share no session', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  for (const { anew } of [dialer(t, server, { ca }), dialer(t, server, { ca })]) {
    assert.equal(await anew(), false)
  }
})

test('a server that resumes nothing is served all the same', { timeout }, async (t) => {
  const secureOptions = constants.SSL_OP_NO_TICKET
  await using server = await RudeServer.start({
    tls: { ...identity, maxVersion: 'TLSv1.2', secureOptions },
  })
  const { anew } = dialer(t, server, { ca, minVersion: 'TLSv1.2' })
  assert.deepEqual([await anew(), await anew()], [false, false])
})

test('a session is forgotten when a handshake with its server fails', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const { pool, anew } = dialer(t, server, { ca })
  assert.deepEqual([await anew(), await anew()], [false, true])
  server.beforeTls(async (connection) => {
    server.beforeTls('secure')
    await connection.heard()
    await connection.reset()
  })
  assert.deepEqual([await anew(), await anew()], [false, true])
  assert.equal(pool.stats().connectFailures.backend, 1)
})

test('a session that the server does not know any more is replaced by a whole handshake', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const { anew } = dialer(t, server, { ca })
  assert.deepEqual([await anew(), await anew()], [false, true])
  server.renew(identity)
  assert.deepEqual([await anew(), await anew()], [false, true])
})

test('of each address the newest session is kept, and of addresses a hundred', () => {
  const sessions = new Sessions()
  const session = (mark: number) => ({
    bytes: Buffer.from([mark]),
    ticket: undefined,
    fingerprint: undefined,
  })
  for (let i = 0; i < 100; i++) sessions.keep(`${i}`, session(1))
  sessions.keep('0', session(2))
  assert.deepEqual(sessions.newest('0'), session(2))
  sessions.keep('100', session(1))
  assert.equal(sessions.newest('1'), undefined)
  for (const address of ['0', '2', '100']) assert.notEqual(sessions.newest(address), undefined)
  sessions.drop('0')
  assert.equal(sessions.newest('0'), undefined)
})

/** A pool of one connection; `anew` dials it anew, uses it, and answers whether it was resumed. */
function dialer(
  t: TestContext,
  server: RudeServer,
  tls: TlsOptions,
): { readonly pool: TcpPool; readonly anew: () => Promise<boolean> } {
  const pool = openPool(t, {
    port: server.port,
    max: 1,
    tls,
    backoff: { initialMs: 1, maxMs: 1, failFastAfter: Infinity },
  })
  return {
    pool,
    async anew() {
      const lease = await pool.acquire()
      assert.equal(await ask(lease), 'hello')
      const resumed = tlsOf(lease).isSessionReused()
      lease.release()
      pool.invalidate()
      return resumed
    },
  }
}
