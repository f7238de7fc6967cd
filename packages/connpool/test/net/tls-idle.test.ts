import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { before, type TestContext, test } from 'node:test'
import type { Lease, Pool, TcpPool } from '../../src/index.ts'
import { RudeProcess, RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority, type Identity } from '../support/certificates.ts'
import { next } from '../support/next.ts'
import { openPool } from '../support/open-pool.ts'
import { ask, tlsOf } from '../support/tls-lease.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000
const MANY = 40

let ca: string
let identity: Identity
before(async () => {
  const authority = await CertificateAuthority.create('CA of the tests')
  ca = authority.cert
  identity = await authority.forServer()
})

/** Sends a line to an echo server and reads it back, and nothing more. */
const styles: Record<string, (socket: Socket) => Promise<string>> = {
  "on('data')": async (socket) => {
    socket.write('hello')
    return String(await once(socket, 'data'))
  },
  "on('readable')": async (socket) => {
    socket.write('hello')
    await once(socket, 'readable')
    return String(socket.read())
  },
  'for await': async (socket) => {
    socket.write('hello')
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) return String(bytes)
    return ''
  },
}

for (const [first, begin] of Object.entries(styles)) {
  test(`a TLS connection is lent clean to any style of reading, after idling, and after ${first}`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start({ tls: identity })
    const pool = openPool(t, { port: server.port, max: 1, tls: { ca } })
    for (const idle of [0, 3]) {
      for (const [next, read] of [[first, begin] as const, ...Object.entries(styles)]) {
        assert.equal(await pool.use(read), 'hello', `${next} after ${idle} turns`)
        await turns(idle)
      }
    }
    assert.equal(pool.stats().opened, 1)
  })
}

test('tickets that come while it idles make a connection neither dirty nor old', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const pool = openPool(t, { port: server.port, min: 1, max: 1, tls: { ca } })
  await pool.ready()
  const lease = await pool.acquire()
  const socket = tlsOf(lease)
  const ticket = socket.getTLSTicket()
  lease.release()
  while (socket.getTLSTicket() === ticket) await turns(1)
  await turns(3)
  assert.equal((await pool.acquire()).connection, socket)
  assert.equal(pool.stats().opened, 1)
})

test('an idle TLS connection that its peer ends or resets is dead, one with late bytes dirty', {
  timeout,
}, async (t) => {
  const deeds: Record<string, (server: RudeServer) => void> = {
    died: (server) => server.connections.at(-1)?.end(),
    'died by reset': (server) => server.connection.reset(),
    dirty: (server) => void server.connection.write('late'),
  }
  for (const [deed, act] of Object.entries(deeds)) {
    await using server = await RudeServer.start({ tls: identity })
    const pool = openPool(t, { port: server.port, max: 1, tls: { ca } })
    await use(pool)
    await turns(3)
    const closed = next(pool, 'close')
    act(server)
    await closed
    const [reason = ''] = deed.split(' ')
    assert.equal(Reflect.get(pool.stats().closed, reason), 1, deed)
    await use(pool)
    assert.equal(pool.stats().opened, 2)
  }
})

test('a lent TLS connection that its peer resets ends its lease', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const pool = openPool(t, { port: server.port, tls: { ca } })
  const lease = await pool.acquire()
  await ask(lease)
  const aborted = once(lease.signal, 'abort')
  server.connection.reset()
  await aborted
  assert.equal(lease.signal.reason.cause.code, 'ECONNRESET')
  lease.release()
  assert.equal(pool.stats().closed.died, 1)
})

test('a reply that is left unread is found on TLS, too', { timeout }, async (t) => {
  await using server = await RudeServer.start({ tls: identity })
  const pool = openPool(t, { port: server.port, max: 1, tls: { ca } })
  await pool.use(async (socket) => {
    socket.write('hello')
    while (socket.readableLength === 0) await turns(1)
  })
  assert.equal(pool.stats().closed.dirty, 1)
})

test('what was written right before the release is sent, and the connection kept', {
  timeout,
}, async (t) => {
  let heard = ''
  await using server = await RudeServer.start({
    tls: identity,
    behaviour: (connection) =>
      connection.answer((bytes) => {
        heard += bytes
      }),
  })
  const pool = openPool(t, { port: server.port, max: 1, tls: { ca } })
  await pool.use((socket) => void socket.write('last words'))
  while (heard !== 'last words') await turns(1)
  await pool.use(() => {})
  assert.equal(pool.stats().opened, 1)
})

for (const [what, deed, reason] of [
  ['an end', 'end', 'died'],
  ['late bytes', { write: 'late' }, 'dirty'],
] as const) {
  test(`of ${MANY} idle TLS connections on which a blocked loop missed ${what}, none is lent`, {
    timeout: 20_000,
  }, async (t) => {
    await using peer = await RudeProcess.start({ tls: identity })
    const pool = openPool(t, { port: peer.port, max: MANY, maxConnecting: MANY, tls: { ca } })
    const first = await acquireAll(pool)
    await Promise.all(first.map(ask)) // So that no ticket is still under way.
    for (const lease of first) lease.release()
    await turns(3)
    assert.equal(pool.stats().idle, MANY)
    const leases = await inDataHandler(t, () => {
      peer.doWhileBlocked(deed, 200)
      return acquireAll(pool)
    })
    assert.equal(pool.stats().closed[reason], MANY)
    assert.ok(leases.every((lease) => lease.info.id > MANY))
    for (const lease of leases) lease.release()
  })
}

async function use(pool: TcpPool): Promise<void> {
  const lease = await pool.acquire()
  assert.equal(await ask(lease), 'hello')
  lease.release()
}

function acquireAll(pool: Pool<Socket>): Promise<Lease<Socket>[]> {
  return Promise.all(Array.from({ length: MANY }, () => pool.acquire()))
}

/** Acts where a poll is furthest away: in a callback of I/O, that of a TLS connection's bytes. */
async function inDataHandler<R>(t: TestContext, act: () => Promise<R>): Promise<R> {
  await using server = await RudeServer.start({ tls: identity })
  const pool = openPool(t, { port: server.port, tls: { ca } })
  const lease = await pool.acquire()
  return await new Promise((resolve) => {
    lease.connection.once('data', () => {
      resolve(act())
      lease.destroy()
    })
    lease.connection.write('now')
  })
}
