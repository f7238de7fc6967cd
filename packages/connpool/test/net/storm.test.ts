import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import { openPool } from '../support/open-pool.ts'
import { TcpServer } from '../support/tcp-server.ts'
import { turns } from '../support/turns.ts'

const timeout = 30_000
const MAX = 8
const STEPS = 1_000

/** Another storm can be had by naming its seed. */
const SEED = Number(process.env.STORM_SEED ?? 1)

test(`after a storm the server counts what the pool counts, seed ${SEED}`, {
  timeout,
}, async (t) => {
  const random = dice(SEED)
  let most = 0
  await using server = await TcpServer.start((socket) => {
    socket.on('data', (bytes) => socket.write(bytes))
    most = Math.max(most, established(server.port))
  })
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
    const victim = [...server.sockets][Math.floor(random() * server.sockets.size)]
    if (fate < 0.03) victim?.resetAndDestroy()
    else if (fate < 0.06) victim?.end()
    else if (fate < 0.08) victim?.write('late')
    else if (fate < 0.081) pool.invalidate()
    if (fate > 0.7) await turns(1)
  }
  await Promise.all(borrowers)
  assert.deepEqual(failures, [])
  assert.equal(settled, STEPS)
  await pool.ready()
  // Replies still under way, and ends, come in time: quiet is when nothing has changed for long.
  for (let quiet = 0, before = ''; quiet < 100; quiet++) {
    await turns(1)
    const now = JSON.stringify([pool.stats(), server.accepted, server.sockets.size])
    if (now !== before) quiet = 0
    before = now
  }
  const { open, opened, closed, idle, acquires, ...figures } = pool.stats()
  const ended = Object.values(closed).reduce((sum, count) => sum + count, 0)
  assert.equal(opened - ended, open)
  assert.equal(open, idle)
  assert.equal(server.sockets.size, open)
  assert.ok(open >= 2 && open <= MAX)
  const { hits, misses, timeouts, aborts, refused, failed, waiting } = figures
  assert.equal(acquires, hits + misses + timeouts + aborts + refused + failed + waiting)
  assert.equal(acquires, STEPS)
  assert.ok(closed.died > 0 && closed.dirty > 0 && closed.destroyed > 0)
  assert.ok(most <= MAX, `${most} connections at the server`)
  if (process.platform === 'linux') assert.ok(most > MAX / 2, `only ${most} at the server`)
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
 * How many connections to this port no side has ended, as the system sees it: the server's own events
 * tell of an end some turns later. Zero where the system does not say.
 */
function established(port: number): number {
  if (process.platform !== 'linux') return 0
  const local = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n')
  return lines.filter((line) => {
    const [, from, , state] = line.trim().split(/\s+/)
    return from?.endsWith(local) && state === '01'
  }).length
}

/** Random numbers that can be had again: mulberry32. */
function dice(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
