import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { createTcpPool, type FailureContext, type Pool } from '../../src/index.ts'
import { BlackHole, RudeServer } from '../../src/testing/index.ts'
import { next } from '../support/next.ts'
import { openPool } from '../support/open-pool.ts'
import { socketsMade } from '../support/sockets-made.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000
/** Tells of the system's sockets. */
const SS = 'ss'
const onLinux = process.platform === 'linux' ? false : 'needs Linux'

test('a refused dial is the backend’s fault, and the cause of the refusal', {
  timeout,
}, async (t) => {
  const port = await freePort()
  const asked: FailureContext[] = []
  const pool = openPool(t, {
    port,
    backoff: { failFastAfter: 1 },
    classify: (_error, context) => {
      asked.push(context)
      return undefined
    },
  })
  await assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
    assert.equal((error.cause as { code?: unknown }).code, 'ECONNREFUSED')
    return true
  })
  assert.deepEqual(asked, [{ phase: 'connect', address: `127.0.0.1:${port}` }])
  assert.equal(pool.stats().connectFailures.backend, 1)
})

test('a name that does not resolve is a fault of the configuration', { timeout }, async (t) => {
  const pool = openPool(t, { host: 'no-such-host.invalid', port: 1 })
  const refused = pool.acquire({ timeoutMs: 4_000 }).then(
    () => assert.fail('it connected'),
    (error) => error,
  )
  const error = await refused
  if (error.code === 'ERR_ACQUIRE_TIMEOUT' || error.cause?.code !== 'ENOTFOUND') {
    t.skip(`the resolver does not say ENOTFOUND: ${error.message} (${error.cause?.code})`)
    return
  }
  assert.equal(error.code, 'ERR_CONNECT_FAILED')
  assert.equal(pool.stats().connectFailures.config, 1)
})

test('a Unix domain socket is dialled by its path, and named after it', { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connpool-dial-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${folder}` : join(folder, 'socket')
  await using server = await RudeServer.start({ path })
  const pool = createTcpPool({ path })
  t.after(() => pool.close({ graceMs: 0 }).catch(() => {}))
  assert.equal(pool.name, path)
  const lease = await pool.acquire()
  assert.equal(lease.info.address, path)
  lease.connection.write('question')
  assert.equal(String(await once(lease.connection, 'data')), 'question')
  lease.release()
  await turns(3)
  const closed = new Promise<string | undefined>((resolve) =>
    pool.once('close', ({ reason }) => resolve(reason)),
  )
  server.connection.end()
  assert.equal(await closed, 'died')
})

test('a pool is named after its host and port, an IPv6 address in brackets', {
  timeout,
}, async (t) => {
  for (const [host, name] of [
    ['127.0.0.1', '127.0.0.1:6379'],
    ['::1', '[::1]:6379'],
    [undefined, 'localhost:6379'],
  ] as const) {
    const pool = createTcpPool({ ...(host !== undefined && { host }), port: 6379 })
    t.after(() => pool.close())
    assert.equal(pool.name, name)
  }
})

test('localAddress is where it dials from', { timeout, skip: onLinux }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, localAddress: '127.0.0.77' })
  const lease = await pool.acquire()
  await server.holds(1)
  assert.equal(server.connection.socket.remoteAddress, '127.0.0.77')
  lease.release()
})

test('a local address that is not of this machine is a local fault', {
  timeout,
  skip: onLinux,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, localAddress: '192.0.2.1' })
  const failed = next(pool, 'connectFailed')
  await assert.rejects(pool.acquire({ timeoutMs: 20 }), { code: 'ERR_ACQUIRE_TIMEOUT' })
  await failed
  assert.equal(pool.stats().connectFailures.local, 1)
})

test('family decides between the addresses of a name', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { host: 'localhost', port: server.port, family: 4 })
  const lease = await pool.acquire()
  assert.equal(lease.connection.remoteFamily, 'IPv4')
  lease.release()
})

test('noDelay and keepalive are on, with a delay of 30 s', { timeout }, async (t) => {
  const calls = watchSetters(t)
  await using server = await RudeServer.start()
  await acquireAndRelease(openPool(t, { port: server.port }))
  assert.deepEqual(calls, ['setNoDelay true', 'setKeepAlive true 30000'])
})

test('noDelay and keepalive can be chosen', { timeout }, async (t) => {
  const calls = watchSetters(t)
  await using server = await RudeServer.start()
  const { port } = server
  const keepAlive = { delayMs: 5_000 }
  const pool = openPool(t, { port, noDelay: false, keepAlive })
  keepAlive.delayMs = 7_000 // Options are read once.
  await acquireAndRelease(pool)
  await acquireAndRelease(openPool(t, { port, keepAlive: false }))
  await acquireAndRelease(openPool(t, { port, keepAlive: {} }))
  assert.deepEqual(calls, [
    'setNoDelay false',
    'setKeepAlive true 5000',
    'setNoDelay true',
    'setNoDelay true',
    'setKeepAlive true 30000',
  ])
})

test('the system keeps the keepalive that was asked for', { timeout, skip: onLinux }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, keepAlive: { delayMs: 7_000 } })
  const lease = await pool.acquire()
  const { localPort } = lease.connection
  let seen: string
  try {
    seen = execFileSync(SS, ['-tnoH', `sport = :${localPort}`], { encoding: 'utf8' })
  } catch {
    t.skip('needs the command ss')
    return
  } finally {
    lease.release()
  }
  assert.match(seen, /timer:\(keepalive,[67](\.\d+m?s|sec)/)
})

test('an aborted dial leaves no socket', { timeout, skip: onLinux }, async (t) => {
  await using hole = await BlackHole.start()
  const made = socketsMade(t)
  const pool = openPool(t, { port: hole.port, createTimeoutMs: Infinity })
  const waiting = assert.rejects(pool.acquire(), { code: 'ERR_POOL_CLOSED' })
  while (made.length === 0) await turns(1)
  assert.equal(pool.stats().connecting, 1)
  await pool.close()
  await waiting
  assert.deepEqual(
    made.map((socket) => socket.destroyed),
    [true],
  )
  assert.equal(pool.stats().open, 0)
})

test('a dial that nobody accepts ends with createTimeoutMs, and leaves no socket', {
  timeout,
  skip: onLinux,
}, async (t) => {
  await using hole = await BlackHole.start()
  const made = socketsMade(t)
  const pool = openPool(t, { port: hole.port, createTimeoutMs: 20, backoff: { failFastAfter: 1 } })
  await assert.rejects(pool.acquire(), (error: Error) => {
    assert.match(
      String(error.cause),
      /no connection was opened within 20 ms \(connecting to 127.0.0.1:\d+ was under way\)/,
    )
    return true
  })
  assert.equal(pool.stats().connectFailures.backend, 1)
  await turns(3)
  assert.deepEqual(
    made.map((socket) => socket.destroyed),
    [true],
  )
  assert.equal(pool.stats().connecting, 0)
})

test('a connection that ends early is a failed dial that names its address', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const asked: FailureContext[] = []
  const pool = openPool(t, {
    port: server.port,
    min: 1,
    backoff: { initialMs: 5_000, jitter: 0 },
    classify: (_error, context) => {
      asked.push(context)
      return undefined
    },
  })
  await pool.ready()
  await turns(3)
  const failed = next(pool, 'connectFailed')
  void server.reset()
  const address = `127.0.0.1:${server.port}`
  assert.equal((await failed).address, address)
  assert.deepEqual(asked, [{ phase: 'create', address }])
})

test('what a server sends before the first lease makes a failed dial, and is not lent', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({
    behaviour: (connection) => connection.write('220 ready\r\n'),
  })
  const pool = openPool(t, { port: server.port, min: 1, backoff: { initialMs: 5_000, jitter: 0 } })
  await next(pool, 'connectFailed')
  assert.equal(pool.stats().closed.dirty, 1)
  assert.equal(pool.stats().connectFailures.backend, 1)
})

async function acquireAndRelease(pool: Pool<Socket>): Promise<void> {
  const lease = await pool.acquire()
  lease.release()
}

/** A port on which nobody listens. */
async function freePort(): Promise<number> {
  const server = await RudeServer.start()
  const { port } = server
  await server.close()
  return port
}

/** Notes what the setters of sockets are called with. */
function watchSetters(t: TestContext): string[] {
  const calls: string[] = []
  const { setNoDelay, setKeepAlive } = Socket.prototype
  t.mock.method(Socket.prototype, 'setNoDelay', function (this: Socket, on?: boolean) {
    calls.push(`setNoDelay ${on}`)
    return setNoDelay.call(this, on)
  })
  t.mock.method(
    Socket.prototype,
    'setKeepAlive',
    function (this: Socket, on?: boolean, ms?: number) {
      calls.push(`setKeepAlive ${on} ${ms}`)
      return setKeepAlive.call(this, on, ms)
    },
  )
  return calls
}
