import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { LoadClient } from '../src/load-client.ts'

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const BAD = 'HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n'

/** What a client hears from a server that does `serve` with its n-th request, up to `count` outcomes. */
async function outcomes(
  count: number,
  serve: (socket: Socket, turn: number) => void,
): Promise<string[]> {
  let turn = 0
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', () => {
      turn += 1
      serve(socket, turn)
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const heard: string[] = []
  let done = (): void => {}
  const enough = new Promise<void>((resolve) => {
    done = resolve
  })
  const hear = (what: string): void => {
    if (heard.length < count) heard.push(what)
    if (heard.length === count) done()
  }
  // Listening on TCP, so its address is of this kind.
  const client = new LoadClient((server.address() as AddressInfo).port, {
    answered: (us) => hear(us > 0 ? 'answered' : 'answered before it was asked'),
    failed: hear,
  })
  await client.connect()
  client.ask()
  await enough
  client.stop()
  server.close()
  await once(server, 'close')
  return heard
}

test('an answer is counted and the next request follows', async () => {
  const heard = await outcomes(3, (socket) => socket.write(OK))
  assert.deepEqual(heard, ['answered', 'answered', 'answered'])
})

test('an answer in pieces is one answer', async () => {
  const heard = await outcomes(2, (socket) => {
    socket.write(OK.slice(0, 20), () => setImmediate(() => socket.write(OK.slice(20))))
  })
  assert.deepEqual(heard, ['answered', 'answered'])
})

test('another status is an error, not an answer', async () => {
  const heard = await outcomes(2, (socket, turn) => socket.write(turn === 1 ? BAD : OK))
  assert.deepEqual(heard, ['status 502', 'answered'])
})

test('a connection that the gateway closes is an error, and the client comes back', async () => {
  const heard = await outcomes(2, (socket, turn) => {
    if (turn === 1) socket.destroy()
    else socket.write(OK)
  })
  assert.deepEqual(heard, ['closed by the gateway', 'answered'])
})

test('what is no reply is an error, and the client comes back', async () => {
  const heard = await outcomes(2, (socket, turn) =>
    socket.write(turn === 1 ? 'nonsense\r\n\r\n' : OK),
  )
  assert.deepEqual(heard, ['the reply is not HTTP/1.1', 'answered'])
})
