import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { before, test } from 'node:test'
import { type ConnectionOptions, connect, type TlsOptions } from 'node:tls'
import { createTcpPool, type FailureContext, type HandshakeContext } from '../../src/index.ts'
import { RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority, type Identity } from '../support/certificates.ts'
import { next } from '../support/next.ts'
import { oneFailure } from '../support/one-failure.ts'
import { openPool } from '../support/open-pool.ts'
import { ask, tlsOf } from '../support/tls-lease.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

let authority: CertificateAuthority
let ca: string
let identity: Identity
before(async () => {
  authority = await CertificateAuthority.create('CA of the tests')
  ca = authority.cert
  identity = await authority.forServer()
})

test('the stream that a handshake answers is lent in the place of its socket', {
  timeout,
}, async (t) => {
  await using server = await mailServer(identity)
  const pool = openPool(t, { port: server.port, max: 1, handshake: startTls({ ca }) })
  for (let i = 0; i < 3; i++) {
    const lease = await pool.acquire()
    assert.equal(tlsOf(lease).authorized, true)
    assert.equal(await ask(lease), 'hello')
    lease.release()
    await turns(3)
  }
  assert.equal(pool.stats().opened, 1)
  await pool.close()
  await server.holds(0)
})

test('a stream that still agrees on TLS is not lent before that is done, nor where it fails', {
  timeout,
}, async (t) => {
  for (const trusted of [ca, undefined]) {
    await using server = await RudeServer.start({ tls: identity })
    const { port } = server
    const options = { host: '127.0.0.1', ...(trusted !== undefined && { ca: trusted }) }
    const backoff = oneFailure
    const pools = [
      openPool(t, { port, backoff, handshake: (socket) => connect({ socket, ...options }) }),
      createTcpPool({ backoff, connect: () => connect({ ...options, port }) }),
    ]
    for (const pool of pools) {
      if (trusted !== undefined) {
        const lease = await pool.acquire()
        assert.equal(tlsOf(lease).authorized, true)
        lease.release()
      } else await assert.rejects(pool.acquire(), { code: 'ERR_CONNECT_FAILED' })
      await pool.close()
    }
    await server.holds(0)
  }
})

test('it is watched while it idles: an end and late bytes are seen', { timeout }, async (t) => {
  for (const [reason, act] of [
    ['died', (server: RudeServer) => server.end()],
    ['dirty', (server: RudeServer) => server.write('late')],
  ] as const) {
    await using server = await mailServer(identity)
    const pool = openPool(t, { port: server.port, handshake: startTls({ ca }) })
    const lease = await pool.acquire()
    assert.equal(await ask(lease), 'hello')
    lease.release()
    await turns(3)
    const closed = next(pool, 'close')
    act(server)
    await closed
    assert.equal(pool.stats().closed[reason], 1)
    await server.holds(0)
  }
})

test('a certificate that the handshake refuses is a failed dial of class config, and no socket is left', {
  timeout,
}, async (t) => {
  await using server = await mailServer(await authority.forServer({ validity: 'expired' }))
  const asked: FailureContext[] = []
  const pool = openPool(t, {
    port: server.port,
    backoff: oneFailure,
    handshake: startTls({ ca }),
    classify: (_error, context) => {
      asked.push(context)
      return undefined
    },
  })
  await assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_CONNECT_FAILED')
    assert.equal(Reflect.get(Object(error.cause), 'code'), 'CERT_HAS_EXPIRED')
    return true
  })
  assert.deepEqual(asked, [{ phase: 'handshake', address: `127.0.0.1:${server.port}` }])
  await server.holds(0)
})

test('a server that refuses us after TLS was agreed on is a failed dial of class config', {
  timeout,
}, async (t) => {
  await using server = await mailServer({ ...identity, ca, requestCert: true })
  const pool = openPool(t, {
    port: server.port,
    min: 1,
    backoff: oneFailure,
    handshake: startTls({ ca }),
  })
  await next(pool, 'connectFailed')
  assert.equal(pool.stats().connectFailures.config, 1)
  await server.holds(0)
})

/** Upgrades on a command in plain text, then echoes. */
function mailServer(tls: TlsOptions): Promise<RudeServer> {
  return RudeServer.start({
    behaviour: async (connection) => {
      assert.equal(String(await connection.read()), 'STARTTLS\r\n')
      await connection.write('220 go ahead\r\n')
      await connection.secure(tls)
      return connection.echo()
    },
  })
}

function startTls(options: ConnectionOptions) {
  return async (socket: Socket, { signal }: HandshakeContext) => {
    socket.write('STARTTLS\r\n')
    const [answer] = await once(socket, 'data', { signal })
    assert.equal(String(answer), '220 go ahead\r\n')
    const secured = connect({ ...options, socket, host: 'localhost' })
    await once(secured, 'secureConnect', { signal })
    return secured
  }
}
