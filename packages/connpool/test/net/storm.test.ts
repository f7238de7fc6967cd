import assert from 'node:assert/strict'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { RudeServer } from '../../src/testing/index.ts'
import { numberGiven } from '../support/number-given.ts'
import { openPool } from '../support/open-pool.ts'
import { seeded } from '../support/seeded.ts'
import { turns } from '../support/turns.ts'

const timeout = 30_000
const MAX = 8
const STEPS = 3_000

/** Another storm can be had by naming its seed. */
const SEED = numberGiven('STORM_SEED', 1)

test(`after a storm the server counts what the pool counts, seed ${SEED}`, {
  timeout,
}, async (t) => {
  const random = seeded(SEED)
  const mostOpen = countOpen(t)
  await using server = await RudeServer.start()
  const pool = openPool(t, {
    port: server.port,
    max: MAX,
    min: 2,
    random,
    maxUses: 50,
    backoff: { initialMs: 1, maxMs: 2, failFastAfter: Infinity },
    acquireTimeoutMs: Infinity,
  })
  let settled = 0
  const failures: unknown[] = []
  const held = new Set<Socket>()
  const borrow = async () => {
    const lease = await pool.acquire(random() < 0.1 ? { signal: AbortSignal.timeout(1) } : {})
    const { connection } = lease
    assert.equal(held.has(connection), false, 'lent to two')
    held.add(connection)
    const what = random()
    if (what < 0.9) await ask(connection)
    else connection.write('?') // Its reply comes later, and makes it dirty.
    await turns(Math.floor(random() * 3))
    held.delete(connection)
    if (what < 0.05) connection.destroy()
    if (what < 0.85) lease.release()
    else if (what < 0.9) lease.destroy()
    else lease.release()
  }
  const borrowers: Promise<void>[] = []
  for (let step = 0; step < STEPS; step++) {
    borrowers.push(
      borrow()
        .catch((error) => {
          if (error.name !== 'TimeoutError') failures.push(error)
        })
        .finally(() => settled++),
    )
    const fate = random()
    const { connections } = server
    const victim = connections[Math.floor(random() * connections.length)]
    if (fate < 0.03) victim?.reset()
    else if (fate < 0.06) victim?.end()
    else if (fate < 0.08) victim?.write('late')
    else if (fate < 0.081) pool.invalidate()
    if (fate > 0.7) await turns(1)
  }
  await Promise.all(borrowers)
  assert.deepEqual(failures, [])
  assert.equal(settled, STEPS)
  await pool.ready()
  // Replies and ends that are still under way come in time: until all are in, somebody disagrees.
  while (
    pool.stats().idle !== pool.stats().open ||
    server.connections.length !== pool.stats().open
  ) {
    await turns(1)
  }
  const { open, opened, closed, idle, acquires, ...figures } = pool.stats()
  const ended = Object.values(closed).reduce((sum, count) => sum + count, 0)
  assert.equal(opened - ended, open)
  assert.equal(open, idle)
  assert.equal(server.connections.length, open)
  assert.ok(open >= 2 && open <= MAX)
  const { hits, misses, timeouts, aborts, refused, failed, waiting } = figures
  assert.equal(acquires, hits + misses + timeouts + aborts + refused + failed + waiting)
  assert.equal(acquires, STEPS)
  assert.ok(closed.died > 0 && closed.dirty > 0 && closed.destroyed > 0)
  assert.equal(mostOpen(), MAX)
  await pool.close()
  await server.holds(0)
  assert.equal(pool.stats().open, 0)
})

/** Has the server echo a byte and reads it, if the connection lives that long. */
function ask(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('readable', read)
      socket.off('close', done)
      resolve()
    }
    const read = () => {
      if (socket.read() !== null) done()
    }
    socket.on('readable', read)
    socket.on('close', done)
    socket.write('?')
    if (socket.destroyed) done()
  })
}

/**
 * Answers the most sockets that were open together, at any dial from now on. Seen from the dialling
 * side: the server learns of an end some turns after it.
 */
function countOpen(t: TestContext): () => number {
  const open = new Set<Socket>()
  let most = 0
  const note = (message: unknown) => {
    open.add((message as { socket: Socket }).socket)
    for (const socket of open) if (socket.destroyed) open.delete(socket)
    most = Math.max(most, open.size)
  }
  subscribe('net.client.socket', note)
  t.after(() => unsubscribe('net.client.socket', note))
  return () => most
}
