import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import { connect as dial, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { type ConnectContext, createTcpPool } from '../../src/index.ts'
import { RudeServer } from '../../src/testing/index.ts'
import { CertificateAuthority } from '../support/certificates.ts'

const timeout = 10_000

/** An HTTP proxy that tunnels to that port, whatever name it is asked for; without one it refuses. */
async function startProxy(t: TestContext, to?: number): Promise<{ port: number; asked: string[] }> {
  const asked: string[] = []
  const proxy = createServer().on('connect', ({ url = '' }, client: Socket) => {
    asked.push(url)
    if (to === undefined) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n')
      return
    }
    const server = dial(to, '127.0.0.1', () => client.write('HTTP/1.1 200 OK\r\n\r\n'))
    server.on('error', () => client.destroy()).pipe(client)
    client.on('error', () => server.destroy()).pipe(server)
  })
  t.after(() => proxy.close())
  await once(proxy.listen(0, '127.0.0.1'), 'listening')
  const address = proxy.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, asked }
}

/** As in the documentation. */
function through(port: number) {
  return async ({ signal, host, port: to }: ConnectContext): Promise<Socket> => {
    const asked = request({
      host: '127.0.0.1',
      port,
      method: 'CONNECT',
      path: `${host}:${to}`,
      signal,
    })
    const [{ statusCode }, socket, head] = await once(asked.end(), 'connect')
    if (statusCode !== 200) {
      socket.destroy()
      throw new Error(`the proxy answered ${statusCode}`)
    }
    if (head.length > 0) socket.unshift(head)
    return socket
  }
}

async function ask(socket: Socket, { signal }: { readonly signal: AbortSignal }): Promise<string> {
  socket.write('hello')
  const [data] = await once(socket, 'data', { signal })
  return String(data)
}

test('connections through an HTTP proxy are pooled, and the proxy resolves the name', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const { port, asked } = await startProxy(t, server.port)
  await using pool = createTcpPool({ host: 'db.internal', port: 5432, connect: through(port) })
  assert.equal(await pool.use(ask), 'hello')
  assert.equal(await pool.use(ask), 'hello')
  assert.deepEqual(asked, ['db.internal:5432'])
})

test('through a proxy that is dialled in plain, TLS is with the server, and a TLSSocket is lent', {
  timeout,
}, async (t) => {
  const authority = await CertificateAuthority.create('CA of the tests')
  await using server = await RudeServer.start({ tls: await authority.forServer() })
  const { port } = await startProxy(t, server.port)
  // The dialer answers a Socket, and the pool lends a TLSSocket: the types have to allow for both.
  await using pool = createTcpPool<TLSSocket>({
    host: 'localhost',
    port: 5432,
    connect: through(port),
    tls: { ca: authority.cert },
  })
  assert.equal(await pool.use(ask), 'hello')
  assert.equal(await pool.use((socket) => socket.authorized), true)
})

test('without TLS a dialer must answer what is lent', { timeout }, async () => {
  // @ts-expect-error a Socket is no TLSSocket
  const pool = createTcpPool<TLSSocket>({ host: 'localhost', connect: through(1) })
  await pool.close()
})

test('a proxy that refuses is told of in its own words', { timeout }, async (t) => {
  const { port } = await startProxy(t)
  await using pool = createTcpPool({
    host: 'db.internal',
    port: 5432,
    connect: through(port),
    classify: (_error, { phase }) => (phase === 'connect' ? 'config' : undefined),
  })
  await assert.rejects(pool.acquire(), {
    code: 'ERR_CONNECT_FAILED',
    message: /^db\.internal:5432: .*: the proxy answered 407/,
  })
})
