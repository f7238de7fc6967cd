import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { connect, createServer } from 'node:net'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openServer } from './support/places.ts'
import { namedClient } from './support/plain-peer.ts'

const child = fileURLToPath(new URL('support/short-of-descriptors.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')

test('out of descriptors, whoever connects is dropped or waits; nothing spins, and once there are some all is well', {
  timeout: 30_000,
  skip: process.platform === 'win32' && 'needs a shell with ulimit',
}, async (t) => {
  const script = `ulimit -n 128; exec "$0" --import "$1" "$2"`
  const server = spawn('sh', ['-c', script, process.execPath, tsx, child], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  t.after(() => server.kill())
  const [{ address }] = await once(server, 'message')
  const sockets = Array.from({ length: 10 }, () => connect(address.port, '127.0.0.1'))
  for (const socket of sockets) socket.on('error', () => {}).resume()
  t.after(() => {
    for (const socket of sockets) socket.destroy()
  })
  // By the system: an older libuv drops them then, a newer one leaves them in the backlog.
  await Promise.all(sockets.map((socket) => once(socket, 'connect')))
  await new Promise((resolve) => setTimeout(resolve, 300)) // In which a loop that spins would compute.
  server.send('go on')
  const [{ cpuMs, opened }] = await once(server, 'message')
  assert.ok(opened < sockets.length, `${opened} were let in`) // Node may have given back a few of its own.
  assert.ok(cpuMs < 150, `it computed for ${cpuMs} ms`)
  const { socket } = await namedClient(address.port, null)
  socket.destroy()
})

test('what Node tells of those whom the system could not accept is counted', async (t) => {
  const listener = createServer().listen(0, '127.0.0.1')
  t.after(() => listener.close())
  await once(listener, 'listening')
  const told: unknown[] = []
  const { pool } = await openServer(t, { listener, onReject: (rejection) => told.push(rejection) })
  const error = Object.assign(new Error('accept EMFILE'), { code: 'EMFILE', syscall: 'accept' })
  EventEmitter.prototype.emit.call(listener, 'error', error)
  assert.equal(pool.stats().rejected.accept, 1)
  assert.deepEqual(told, [{ reason: 'accept', error }])
})
