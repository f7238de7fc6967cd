import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { RudeServer } from '../../src/testing/index.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000
const request = new AsyncLocalStorage<string>()

test('a pooled socket does not run its handlers in the request that had it dialled', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const shaken: (string | undefined)[] = []
  const pool = openPool(t, {
    port: server.port,
    max: 1,
    handshake: (socket) => {
      shaken.push(request.getStore())
      socket.write('hello')
      return once(socket, 'data').then(() => shaken.push(request.getStore()))
    },
  })
  const id = await request.run('first', async () => {
    const lease = await pool.acquire()
    assert.equal(request.getStore(), 'first')
    const { id } = lease.info
    lease.release()
    return id
  })
  assert.deepEqual(shaken, [undefined, undefined])
  await request.run('second', async () => {
    const lease = await pool.acquire()
    assert.equal(lease.info.id, id)
    assert.equal(await storeOf(lease.connection, 'data'), undefined)
    lease.release()
  })
})

test('a socket that a later request had dialled in its waiter’s stead has no store either', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const first = await request.run('first', () => pool.acquire())
  const second = request.run('second', () => pool.acquire())
  request.run('first', () => first.destroy())
  const lease = await second
  assert.equal(lease.info.id, 2)
  assert.equal(await storeOf(lease.connection, 'data'), undefined)
  lease.release()
})

test('a waiter goes on in its own request, whoever released', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const lease = await request.run('releaser', () => pool.acquire())
  const seen = request.run('waiter', async () => {
    const mine = await pool.acquire()
    const store = request.getStore()
    mine.release()
    return store
  })
  request.run('releaser', () => lease.release())
  assert.equal(await seen, 'waiter')
})

test('reset, probe and destroy of a socket run in no request', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const stores: (string | undefined)[] = []
  const note = () => void stores.push(request.getStore())
  const pool = openPool(t, {
    port: server.port,
    max: 1,
    probeAfterIdleMs: 0,
    reset: note,
    probe: note,
  })
  await request.run('request', async () => {
    for (let i = 0; i < 2; i++) {
      const lease = await pool.acquire()
      lease.release()
      await turns(3)
    }
  })
  assert.ok(stores.length >= 3)
  assert.deepEqual(new Set(stores), new Set([undefined]))
})

/** The store in which a socket emits an event, once the server was asked for bytes. */
function storeOf(socket: Socket, event: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    socket.once(event, () => resolve(request.getStore()))
    socket.write('question')
  })
}
