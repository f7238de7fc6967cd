import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { microsocks, type ServerProcess, tinyproxy } from '@connpool/real-servers'
import {
  type Connect,
  createTcpPool,
  type Pool,
  type PoolError,
  type TcpPoolSettings,
} from 'connpool'
import { RudeServer } from 'connpool/testing'
import { generate } from 'selfsigned'
import { classify, type ProxyServer } from '../proxied/proxy.ts'
import { throughHttp } from '../proxied/through-http.ts'
import { throughSocks } from '../proxied/through-socks.ts'

const timeout = 20_000
/** Linux has all of 127.0.0.0/8: from there the proxies dial. */
const from = '127.0.0.9'

/** A proxy that runs, and how to dial through it. */
interface Kind {
  readonly skip: string | false
  readonly through: (proxy: ProxyServer) => Connect<Socket>
  start(t: TestContext): Promise<{ readonly server: ServerProcess; readonly proxy: ProxyServer }>
}

const kinds: Record<string, Kind> = {
  SOCKS5: {
    skip: microsocks.skip,
    through: throughSocks,
    async start(t) {
      const { server, username, password } = await microsocks.start(t, { from })
      return { server, proxy: { host: server.host, port: server.port, username, password } }
    },
  },
  'HTTP CONNECT': {
    skip: tinyproxy.skip,
    through: throughHttp,
    async start(t) {
      const server = await tinyproxy.start(t, { from, user: { name: 'ali', password: 'baba' } })
      const { host, port } = server
      return { server, proxy: { host, port, username: 'ali', password: 'baba' } }
    },
  },
}

/** A pool that dials through a proxy, to a server. */
function openPool(
  t: TestContext,
  connect: Connect<Socket>,
  { port }: { readonly port: number },
  settings: TcpPoolSettings & { readonly host?: string } = {},
): Pool<Socket> {
  const pool = createTcpPool({
    name: 'test',
    host: '127.0.0.1',
    port,
    connect,
    classify,
    backoff: { failFastAfter: 1 },
    ...settings,
  })
  t.after(() => pool.close({ graceMs: 0 }).catch(() => {}))
  return pool
}

async function echoed(pool: Pool<Socket>, text: string): Promise<string> {
  return await pool.use(async (socket, lease) => {
    socket.write(text)
    const [bytes] = await once(socket, 'data', { signal: lease.signal })
    return String(bytes)
  })
}

async function refusalOf(pool: Pool<Socket>): Promise<PoolError> {
  return await pool.acquire().then(
    () => assert.fail('it connected'),
    (error) => error,
  )
}

for (const [name, { skip, through, start }] of Object.entries(kinds)) {
  test(`${name}: connections go through the proxy, and are lent again`, {
    timeout,
    skip,
  }, async (t) => {
    const { proxy } = await start(t)
    await using target = await RudeServer.start()
    const pool = openPool(t, through(proxy), target, { max: 2 })
    const texts = Array.from({ length: 20 }, (_, i) => `line ${i}`)
    assert.deepEqual(await Promise.all(texts.map((text) => echoed(pool, text))), texts)
    assert.ok(pool.stats().opened <= 2)
    assert.equal(target.accepted, pool.stats().opened)
    for (const { socket } of target.connections) assert.equal(socket.remoteAddress, from)
    const lease = await pool.acquire()
    assert.deepEqual(Object.keys(lease.info.timings ?? {}), ['connect'])
    lease.release()
  })

  test(`${name}: TLS is spoken with the target, through the tunnel`, {
    timeout,
    skip,
  }, async (t) => {
    const { proxy } = await start(t)
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'target' }], {
      keyType: 'ec',
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'target.test' }] }],
    })
    await using target = await RudeServer.start({ tls: { cert, key } })
    const tls = { ca: cert, servername: 'target.test' }
    const pool = openPool(t, through(proxy), target, { tls })
    assert.equal(await echoed(pool, 'secret'), 'secret')
    const lease = await pool.acquire()
    assert.deepEqual(Object.keys(lease.info.timings ?? {}), ['connect', 'tls'])
    lease.release()
    const wrong = openPool(t, through(proxy), target, {
      tls: { ca: cert, servername: 'other.test' },
    })
    const refusal = await refusalOf(wrong)
    assert.equal(refusal.code, 'ERR_CONNECT_FAILED')
    assert.match(refusal.message, /other\.test/)
  })

  test(`${name}: what a target says first is not lost`, { timeout, skip }, async (t) => {
    const { proxy } = await start(t)
    await using target = await RudeServer.start({
      behaviour: async (connection) => {
        await connection.write('220 ready\r\n')
        await connection.echo()
      },
    })
    const greetings: string[] = []
    const pool = openPool(t, through(proxy), target, {
      max: 5,
      async handshake(socket, { signal }) {
        const [greeting] = await once(socket, 'data', { signal })
        greetings.push(String(greeting))
      },
    })
    const leases = await Promise.all(Array.from({ length: 5 }, () => pool.acquire()))
    for (const lease of leases) lease.release()
    assert.deepEqual(greetings, Array(5).fill('220 ready\r\n'))
    assert.equal(await echoed(pool, 'and on it goes'), 'and on it goes')
  })

  test(`${name}: an idle tunnel that breaks is lent to nobody`, { timeout, skip }, async (t) => {
    const { server, proxy } = await start(t)
    await using target = await RudeServer.start()
    const pool = openPool(t, through(proxy), target, { max: 3 })
    const leases = await Promise.all(Array.from({ length: 3 }, () => pool.acquire()))
    for (const lease of leases) lease.release()
    assert.equal(pool.stats().idle, 3)
    await server.kill()
    await server.start()
    await Promise.all(['a', 'b', 'c'].map((text) => echoed(pool, text)))
    assert.equal(pool.stats().closed.died, 3)
  })

  test(`${name}: a proxy that is down is named, and the dial retried`, {
    timeout,
    skip,
  }, async (t) => {
    const { server, proxy } = await start(t)
    await server.kill()
    await using target = await RudeServer.start()
    const pool = openPool(t, through(proxy), target, {
      backoff: { initialMs: 20, maxMs: 20, failFastAfter: 1 },
    })
    const refusal = await refusalOf(pool)
    assert.equal(refusal.code, 'ERR_POOL_UNAVAILABLE')
    const { code, port } = refusal.cause as { code?: unknown; port?: unknown } // The system's.
    assert.deepEqual([code, port], ['ECONNREFUSED', server.port])
    await server.start()
    pool.resize({ min: 1 })
    await new Promise<void>((resolve) => pool.once('available', () => resolve()))
    assert.equal(await echoed(pool, 'again'), 'again')
  })

  test(`${name}: a wrong password is a fault of the configuration, and is not told`, {
    timeout,
    skip,
  }, async (t) => {
    const { proxy } = await start(t)
    await using target = await RudeServer.start()
    const pool = openPool(t, through({ ...proxy, password: 'sesame' }), target)
    const refusal = await refusalOf(pool)
    assert.equal(refusal.code, 'ERR_CONNECT_FAILED')
    assert.equal(pool.stats().connectFailures.config, 1)
    assert.ok(!inspect(refusal, { depth: 10 }).includes('sesame'))
    assert.equal(target.accepted, 0)
  })

  test(`${name}: a target that the proxy cannot reach is the backend’s trouble`, {
    timeout,
    skip,
  }, async (t) => {
    const { proxy } = await start(t)
    const target = await RudeServer.start()
    const { port } = target
    await target.close()
    const pool = openPool(t, through(proxy), { port })
    const refusal = await refusalOf(pool)
    assert.equal(refusal.code, 'ERR_POOL_UNAVAILABLE')
    assert.match(String(refusal.cause), /ProxyRefusal|proxy/)
    assert.equal(pool.stats().connectFailures.backend, 1)
  })

  test(`${name}: a proxy that hangs ends with the dial’s time, and leaves no tunnel`, {
    timeout,
    skip,
  }, async (t) => {
    const { server, proxy } = await start(t)
    await using target = await RudeServer.start()
    const pool = openPool(t, through(proxy), target, { connectTimeoutMs: 100 })
    server.freeze()
    const refusal = await refusalOf(pool)
    assert.equal(refusal.code, 'ERR_POOL_UNAVAILABLE')
    assert.match(
      String(refusal.cause),
      /127\.0\.0\.1:\d+ did not accept the connection within 100 ms/,
    )
    server.thaw()
    // What it gets to read of the one that was given up comes before this.
    assert.equal(await echoed(openPool(t, through(proxy), target), 'alive'), 'alive')
    await target.holds(1)
  })

  test(`${name}: a dial that is not wanted any more is ended`, { timeout, skip }, async (t) => {
    const { server, proxy } = await start(t)
    await using target = await RudeServer.start()
    const pool = openPool(t, through(proxy), target)
    server.freeze()
    const waiting = refusalOf(pool)
    await pool.close()
    assert.equal((await waiting).code, 'ERR_POOL_CLOSED')
    server.thaw()
    assert.equal(pool.stats().open, 0)
  })
}

test('npm run proxied asks a web server through a proxy, over one connection', { timeout }, () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      fileURLToPath(new URL('../proxied/main.ts', import.meta.url)),
    ],
    { encoding: 'utf8', timeout: 15_000 },
  )
  assert.equal(status, 0, stderr)
  assert.equal(stdout.match(/^\d: HTTP\/1\.1 200 OK$/gm)?.length, 4, stdout)
  assert.match(stdout, /^1 opened through http:\/\/127\.0\.0\.1:\d+, 3 used again$/m)
})
