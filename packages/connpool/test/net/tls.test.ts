import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { duplexPair } from 'node:stream'
import { before, test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createTcpPool, type TlsOptions } from '../../src/index.ts'
import { RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority, type Identity, selfSigned } from '../support/certificates.ts'
import { listenersOf } from '../support/listeners-of.ts'
import { next } from '../support/next.ts'
import { openPool } from '../support/open-pool.ts'
import { ask, farEnd, tlsOf } from '../support/tls-lease.ts'

const timeout = 10_000
const onLinux = process.platform === 'linux' ? false : 'needs Linux'
/** Tells of the system's sockets. */
const SS = 'ss'

let authority: CertificateAuthority
let ca: string
let identity: Identity
before(async () => {
  authority = await CertificateAuthority.create('CA of the tests')
  ca = authority.cert
  identity = await authority.forServer()
})

test('a connection is lent with TLS 1.3, verified, and tells how long that took', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const pool = openPool(t, { port: server.port, tls: { ca } })
  const lease = await pool.acquire()
  assert.equal(tlsOf(lease).authorized, true)
  assert.equal(tlsOf(lease).getProtocol(), 'TLSv1.3')
  assert.deepEqual(Object.keys(lease.info.timings ?? {}), ['connect', 'tls'])
  assert.equal(await ask(lease), 'hello')
  lease.release()
})

test('without the option, and with off, nothing is encrypted', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  for (const tls of [undefined, 'off'] as const) {
    const lease = await openPool(t, { port: server.port, tls }).acquire()
    assert.equal('encrypted' in lease.connection, false)
    assert.deepEqual(Object.keys(lease.info.timings ?? {}), ['connect'])
    lease.release()
  }
})

test('verify trusts whom Node trusts, also where the environment switches verification off', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const folder = mkdtempSync(join(tmpdir(), 'connpool-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ca.pem')
  writeFileSync(file, ca)
  const index = fileURLToPath(new URL('../../src/index.ts', import.meta.url))
  const script = `
    const { createTcpPool } = await import(${JSON.stringify(index)})
    const pool = createTcpPool({ host: '127.0.0.1', port: ${server.port}, tls: 'verify' })
    const found = await pool.use((socket) => socket.authorized).catch((error) => error.cause.code)
    process.stdout.write(String(found))
    await pool.close()`
  const found = async (given: NodeJS.ProcessEnv) => {
    const { NODE_TEST_CONTEXT: _, ...env } = { ...process.env, ...given }
    const args = ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script]
    return (await promisify(execFile)(process.execPath, args, { env })).stdout
  }
  assert.equal(await found({ NODE_EXTRA_CA_CERTS: file }), 'true')
  const careless = { NODE_TLS_REJECT_UNAUTHORIZED: '0' }
  assert.equal(await found(careless), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
})

test('insecure trusts anybody, and a process warning says so once for each pool', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: await selfSigned() })
  const warnings: (Error & { code?: string })[] = []
  const warned = (warning: Error) => warnings.push(warning)
  process.on('warning', warned)
  t.after(() => process.off('warning', warned))
  for (const tls of ['insecure', { rejectUnauthorized: false }] as const) {
    const pool = openPool(t, { name: 'dev', port: server.port, tls, max: 2 })
    const leases = await Promise.all([pool.acquire(), pool.acquire()])
    for (const lease of leases) {
      assert.equal(tlsOf(lease).authorized, false)
      assert.equal(tlsOf(lease).getProtocol(), 'TLSv1.3')
      assert.equal(await ask(lease), 'hello')
      lease.release()
    }
  }
  const insecure = 'CONNPOOL_TLS_INSECURE'
  assert.deepEqual(
    warnings.map(({ code }) => code),
    [insecure, insecure],
  )
  assert.match(String(warnings[0]?.message), /^dev: .*not verified.*tls: \{ ca \}/)
})

test('versions are those that were asked for', { timeout }, async (t) => {
  const spoken = async (offered: object, tls: TlsOptions) => {
    await using server = await RudeServer.start({ tls: { ...identity, ...offered } })
    const lease = await openPool(t, { port: server.port, tls: { ca, ...tls } }).acquire()
    const protocol = tlsOf(lease).getProtocol()
    lease.release()
    return protocol
  }
  assert.equal(await spoken({ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.2' }), 'TLSv1.2')
  assert.equal(await spoken({}, { minVersion: 'TLSv1.2' }), 'TLSv1.3')
  assert.equal(await spoken({}, { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' }), 'TLSv1.2')
})

for (const [what, host, servername, asked] of [
  ['the host', 'db.example', undefined, 'db.example'],
  ['the host without its last dot', 'db.example.', undefined, 'db.example'],
  ['servername instead of the host', 'elsewhere.example', 'db.example', 'db.example'],
  ['servername instead of the address', '127.0.0.1', 'db.example', 'db.example'],
  ['no name where the host is an address', '127.0.0.1', undefined, false],
  ['no name where servername is an address', 'elsewhere.example', '127.0.0.1', false],
] as const) {
  test(`a server is asked for ${what}, and its certificate must be for that`, {
    timeout,
  }, async (t) => {
    const hosts = [asked === false ? '127.0.0.1' : asked]
    await using server = await RudeServer.start({ tls: await authority.forServer({ hosts }) })
    const lookup = host === '127.0.0.1' ? {} : { lookup: async () => ['127.0.0.1'] }
    const pool = openPool(t, { host, port: server.port, tls: { ca, servername }, ...lookup })
    const lease = await pool.acquire()
    assert.equal(await ask(lease), 'hello')
    assert.equal(tlsOf(lease).authorized, true)
    assert.equal(farEnd(server).servername, asked)
    lease.release()
  })
}

test('protocols are offered, and the socket says which was chosen', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: { ...identity, ALPNProtocols: ['b', 'a'] } })
  const tls = { ca, alpnProtocols: ['a', 'b'] }
  const lease = await openPool(t, { port: server.port, tls }).acquire()
  assert.equal(tlsOf(lease).alpnProtocol, 'b')
  lease.release()
  await using silent = await RudeServer.start({ tls: identity })
  const other = await openPool(t, { port: silent.port, tls }).acquire()
  assert.equal(tlsOf(other).alpnProtocol, false)
  other.release()
})

test('a server that wants a certificate of ours gets it, also from an encrypted key', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: { ...identity, ca, requestCert: true } })
  const { cert, key } = await authority.forClient({ name: 'worker 7' })
  const passphrase = 'open sesame'
  const cipher = 'aes-256-cbc'
  const encrypted = createPrivateKey(key).export({
    type: 'pkcs8',
    format: 'pem',
    cipher,
    passphrase,
  })
  for (const own of [
    { cert, key },
    { cert: Buffer.from(cert), key: new Uint8Array(Buffer.from(encrypted)), passphrase },
  ]) {
    const lease = await openPool(t, { port: server.port, tls: { ca, ...own } }).acquire()
    assert.equal(await ask(lease), 'hello')
    assert.equal(farEnd(server).authorized, true)
    assert.equal(farEnd(server).getPeerCertificate().subject.CN, 'worker 7')
    lease.release()
  }
})

test('several CAs can be trusted, also from one file, and a self-signed certificate', {
  timeout,
}, async (t) => {
  const other = await CertificateAuthority.create('another CA')
  const alone = await selfSigned()
  const comment = 'what a file says of its certificates\n'
  for (const trusted of [[ca, other.cert], `${comment}${ca}${other.cert}`, alone.cert]) {
    const shown = trusted === alone.cert ? alone : await other.forServer()
    await using server = await RudeServer.start({ tls: shown })
    const lease = await openPool(t, { port: server.port, tls: { ca: trusted } }).acquire()
    assert.equal(tlsOf(lease).authorized, true)
    lease.release()
  }
})

test('a lent socket has the listeners of any TLS socket, and two more: error and close', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const beneath = dial(server.port, '127.0.0.1')
  await once(beneath, 'connect')
  const bare = connectTls({ socket: beneath, host: '127.0.0.1', ca })
  await once(bare, 'secureConnect')
  const expected = { ...listenersOf(bare) }
  expected.error = (expected.error ?? 0) + 1
  expected.close = (expected.close ?? 0) + 1
  bare.destroy()
  for (const handshake of [undefined, () => {}]) {
    const pool = openPool(t, { port: server.port, tls: { ca }, handshake })
    for (const time of ['before', 'after']) {
      const lease = await pool.acquire()
      assert.deepEqual(listenersOf(lease.connection), expected, `${time} its first reply`)
      assert.equal(await ask(lease), 'hello')
      lease.release()
    }
  }
})

test('TLS on a Unix domain socket is verified for servername', {
  timeout,
  skip: onLinux,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connpool-tls-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'socket')
  await using _server = await RudeServer.start({ tls: identity, path })
  await using pool = createTcpPool({ path, tls: { ca, servername: 'localhost' } })
  const lease = await pool.acquire()
  assert.equal(tlsOf(lease).authorized, true)
  assert.equal(await ask(lease), 'hello')
  lease.release()
})

test('TLS goes on whatever an own dialer answers: a socket, or a stream that is none', {
  timeout,
}, async () => {
  await using server = await RudeServer.start({ tls: identity })
  const tunnel = () => {
    const [near, far] = duplexPair()
    const socket = dial(server.port, '127.0.0.1')
    socket.pipe(far).pipe(socket)
    socket.on('close', () => far.destroy())
    far.on('close', () => socket.destroy())
    return near
  }
  for (const connect of [() => dial(server.port, '127.0.0.1'), tunnel]) {
    await using pool = createTcpPool({ host: 'localhost', connect, tls: { ca } })
    const reply = await pool.use(async (socket, { signal }) => {
      socket.write('through')
      return String(await once(socket, 'data', { signal }))
    })
    assert.equal(reply, 'through')
    assert.equal(pool.stats().idle, 1)
    const closed = next(pool, 'close')
    server.connections.at(-1)?.end()
    await closed
    assert.equal(pool.stats().closed.died, 1)
  }
})

test('the system keeps the keepalive that was asked for', { timeout, skip: onLinux }, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const pool = openPool(t, { port: server.port, tls: { ca }, keepAlive: { delayMs: 7_000 } })
  const lease = await pool.acquire()
  await ask(lease)
  let seen: string
  try {
    seen = execFileSync(SS, ['-tnoH', `sport = :${lease.connection.localPort}`], {
      encoding: 'utf8',
    })
  } catch {
    t.skip('needs the command ss')
    return
  } finally {
    lease.release()
  }
  assert.match(seen, /timer:\(keepalive,[67](\.\d+m?s|sec)/)
})
