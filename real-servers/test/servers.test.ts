import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { anyRedis, microsocks, ownRedis, postgres, tinyproxy } from '../src/index.ts'

const timeout = 20_000

test('a Redis answers', { timeout, skip: anyRedis.skip }, async (t) => {
  const { host, port, username, password } = await anyRedis.find(t)
  const socket = await connected(t, port, host)
  if (password !== undefined) socket.write(`AUTH ${username ?? 'default'} ${password}\r\n`)
  socket.write('PING\r\n')
  assert.match(await heard(socket, /PONG/), /\+PONG\r\n$/)
})

test('a Redis of its own is empty, and asks for its password', {
  timeout,
  skip: ownRedis.skip,
}, async (t) => {
  const { port } = await ownRedis.start(t, { password: 'open sesame' })
  const socket = await connected(t, port)
  socket.write('DBSIZE\r\n')
  assert.match(await heard(socket, /\n/), /^-NOAUTH/)
  socket.write('AUTH "open sesame"\r\nDBSIZE\r\n')
  assert.equal(await heard(socket, /\n.*\n/s), '+OK\r\n:0\r\n')
})

test('a PostgreSQL lets us in, has the settings it was given, and is the same when it comes back', {
  timeout,
  skip: postgres.skip,
}, async (t) => {
  const server = await postgres.start(t, { max_connections: 7 })
  for (const end of [undefined, () => server.kill(), () => server.quit('SIGINT')]) {
    if (end !== undefined) {
      await end()
      await server.start()
    }
    const socket = await connected(t, server.port)
    const login = Buffer.from('\0\x03\0\0user\0postgres\0\0', 'latin1')
    socket.write(Buffer.concat([sizeOf(login), login]))
    await heard(socket, /Z.{4}I$/s)
    const query = Buffer.from('SHOW max_connections\0')
    socket.write(Buffer.concat([Buffer.from('Q'), sizeOf(query), query]))
    assert.match(await heard(socket, /Z.{4}I$/s), /7C.{4}SHOW/s)
    socket.destroy()
  }
})

/** As it stands in front of a message. */
function sizeOf(message: Buffer): Buffer {
  const size = Buffer.alloc(4)
  size.writeInt32BE(message.length + 4)
  return size
}

test('a SOCKS5 proxy listens, and knows its password', {
  timeout,
  skip: microsocks.skip,
}, async (t) => {
  const { server, username, password } = await microsocks.start(t)
  const sized = (text: string) => String.fromCharCode(text.length) + text
  for (const [word, verdict] of [
    [password, '0100'],
    ['guess', '0102'],
  ] as const) {
    const socket = await connected(t, server.port)
    socket.write(Buffer.of(5, 1, 2))
    assert.equal(Buffer.from(await heard(socket, /../s), 'latin1').toString('hex'), '0502')
    socket.write(`\u0001${sized(username)}${sized(word)}`)
    assert.equal(Buffer.from(await heard(socket, /../s), 'latin1').toString('hex'), verdict)
  }
})

test('an HTTP proxy fetches, and lets nobody in who is not its user', {
  timeout,
  skip: tinyproxy.skip,
}, async (t) => {
  const origin = createServer((_request, response) => void response.end('fetched'))
  origin.listen(0, '127.0.0.1')
  t.after(() => origin.close())
  await once(origin, 'listening')
  const target = `http://127.0.0.1:${(origin.address() as AddressInfo).port}/`
  const { port } = await tinyproxy.start(t, { user: { name: 'ali', password: 'baba' } })
  for (const [credentials, status] of [
    ['ali:baba', '200'],
    ['ali:cogia', '401'],
  ] as const) {
    const socket = await connected(t, port)
    const authorization = `Basic ${Buffer.from(credentials).toString('base64')}`
    socket.write(`GET ${target} HTTP/1.0\r\nProxy-Authorization: ${authorization}\r\n\r\n`)
    assert.match(await heard(socket, /\n/), new RegExp(`^HTTP/1.\\d ${status} `))
  }
})

async function connected(t: TestContext, port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect(port, host)
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/** What is heard until it has the shape. */
async function heard(socket: Socket, shape: RegExp): Promise<string> {
  let text = ''
  for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
    text += bytes.toString('latin1')
    if (shape.test(text)) return text
  }
  throw new Error(`the server hung up after "${text}"`)
}
