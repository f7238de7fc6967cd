import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { test } from 'node:test'
import type { Lease, Pool } from '../../src/index.ts'
import { ManualClock, RudeProcess, RudeServer } from '../../src/testing/index.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 20_000
const posix = process.platform === 'win32' ? 'needs signals' : false

test('a connection that is reset under its borrower aborts the lease’s signal, and harms nobody', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port })
  const lease = await pool.acquire()
  await server.holds(1)
  const died = once(lease.signal, 'abort')
  await server.reset()
  await died
  assert.match(String(lease.signal.reason), /was closed \(died\)/)
  lease.release()
  assert.equal(pool.stats().closed.died, 1)
  await ask(pool, 'again')
})

test('a connection that its peer half-closes under its borrower ends for him, and is not kept', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ allowHalfOpen: true })
  const pool = openPool(t, { port: server.port })
  const lease = await pool.acquire()
  await server.holds(1)
  const ended = once(lease.connection.resume(), 'end')
  await server.end()
  await ended
  if (!lease.signal.aborted) await once(lease.signal, 'abort')
  lease.release()
  assert.equal(pool.stats().closed.died, 1)
  await ask(pool, 'again')
})

test('a server that speaks slowly is waited for to the end of the handshake', {
  timeout,
}, async (t) => {
  const greeting = '220 ready\r\n'
  await using server = await RudeServer.start({
    behaviour: (connection) => {
      connection.drip()
      return connection.write(greeting)
    },
  })
  let heard = ''
  const pool = openPool(t, {
    port: server.port,
    createTimeoutMs: Infinity,
    handshake: async (socket) => {
      while (!heard.endsWith('\r\n')) {
        const [bytes] = await once(socket, 'data')
        heard += String(bytes)
      }
    },
  })
  const acquired = pool.acquire()
  await server.holds(1)
  for (let sent = 1; sent <= greeting.length; sent++) {
    assert.equal(pool.stats().inUse, 0)
    server.tick()
    while (heard.length < sent) await turns(1)
  }
  const lease = await acquired
  assert.equal(heard, greeting)
  lease.release()
})

test('a server that is stopped: idle connections are lent, dials end in time, and all goes on when it does', {
  timeout,
  skip: posix,
}, async (t) => {
  await using server = await RudeProcess.start()
  const clock = new ManualClock()
  const pool = openPool(t, {
    port: server.port,
    clock,
    max: 2,
    createTimeoutMs: 1_000,
    backoff: { initialMs: 100, jitter: 0 },
    handshake: async (socket) => {
      socket.write('hello')
      await once(socket, 'data')
    },
  })
  await ask(pool, 'before')
  await server.stop()
  // Nothing has told us: its system still answers for it.
  const lease = await pool.acquire()
  lease.connection.write('anybody?')
  await turns(3)
  assert.equal(lease.connection.readableLength, 0)
  const refused = assert.rejects(pool.acquire({ timeoutMs: 500 }), { code: 'ERR_ACQUIRE_TIMEOUT' })
  while (pool.stats().connecting === 0) await turns(1)
  await clock.pass(500)
  await refused
  await clock.pass(500)
  assert.equal(pool.stats().connectFailures.backend, 1)
  assert.equal(pool.stats().open, 1)
  await server.continue()
  assert.equal(String((await once(lease.connection, 'data'))[0]), 'anybody?')
  lease.destroy()
  await clock.pass(100)
  await ask(pool, 'after')
})

test('a server that is stopped fails its probes, and is not asked for each connection', {
  timeout,
  skip: posix,
}, async (t) => {
  await using server = await RudeProcess.start()
  const clock = new ManualClock()
  const pool = openPool(t, {
    port: server.port,
    clock,
    max: 8,
    maxConnecting: 8,
    probe: async (socket, { signal }) => {
      socket.write('PING')
      await once(socket, 'data', { signal })
    },
    probeAfterIdleMs: 0,
    probeTimeoutMs: 1_000,
    probeRetries: 3,
  })
  const leases = await Promise.all(Array.from({ length: 8 }, () => pool.acquire()))
  for (const lease of leases) lease.release()
  await turns(3)
  await server.stop()
  const waiting = pool.acquire()
  for (let probe = 1; probe <= 3; probe++) {
    assert.equal(pool.stats().idle, 8 - probe)
    await clock.pass(1_000)
  }
  assert.equal(pool.stats().probeFailures, 3)
  assert.equal(pool.stats().closed.probe, 8)
  await server.continue()
  const lease = await waiting
  assert.ok(lease.info.id > 8)
  lease.release()
})

test('a server that is killed and comes back: no connection that died idle is lent, with no probe', {
  timeout,
  skip: posix,
}, async (t) => {
  await using server = await RudeProcess.start()
  const pool = openPool(t, {
    port: server.port,
    max: 20,
    maxConnecting: 20,
    backoff: { initialMs: 10, maxMs: 50 },
  })
  const idle = await Promise.all(Array.from({ length: 20 }, () => pool.acquire()))
  for (const lease of idle) lease.release()

  /** The connections up to this number are dead. */
  let dead = 0
  let over = false
  const figures = { answered: 0, interrupted: 0, refused: 0, lentDead: 0 }
  const work = async () => {
    while (!over) {
      const lease = await pool.acquire({ timeoutMs: 5_000 }).catch(() => null)
      if (lease === null) {
        figures.refused++
        await turns(1)
        continue
      }
      if (lease.info.id <= dead) figures.lentDead++
      if (await answers(lease)) figures.answered++
      else figures.interrupted++
    }
  }
  // Fewer than there are connections: most are idle at any moment.
  const workers = Array.from({ length: 5 }, work)
  const more = async (count: number) => {
    const enough = figures.answered + count
    while (figures.answered < enough) await turns(1)
  }
  await more(200)
  for (let round = 0; round < 3; round++) {
    await server.kill()
    dead = pool.stats().opened
    await turns(10)
    await server.restart()
    await more(200)
  }
  over = true
  await Promise.all(workers)
  assert.equal(figures.lentDead, 0)
  // A dying system closes one connection after the other: one that lives may be lent meanwhile.
  assert.ok(figures.interrupted <= 3 * 20, 'no connection fails more than one borrower')
  const { opened, open, closed } = pool.stats()
  assert.equal(opened - Object.values(closed).reduce((sum, count) => sum + count, 0), open)
})

/** How a borrower may learn that there is nothing more to come. */
const ways: Record<string, (lease: Lease<Socket>) => Promise<unknown>> = {
  end: ({ connection }) => once(connection.resume(), 'end'),
  'a loop over it': async ({ connection }) => {
    for await (const bytes of connection) assert.fail(`heard ${bytes}`)
  },
  close: ({ connection }) => once(connection.resume(), 'close'),
  'the signal of its lease': ({ connection, signal }) => once(connection, 'data', { signal }),
}

for (const [way, learn] of Object.entries(ways)) {
  test(`a server that accepts and hangs up is not hammered, though its borrower throws first: ${way}`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start({
      behaviour: (connection) => {
        connection.ignore()
        return connection.end()
      },
    })
    const clock = new ManualClock()
    const pool = openPool(t, { port: server.port, clock, random: () => 0 })
    const used = pool.use(async (_, lease) => {
      await learn(lease)
      throw new Error('no answer')
    })
    await assert.rejects(used)
    const { closed, connectFailures } = pool.stats()
    assert.equal(closed.died, 1)
    assert.equal(connectFailures.backend, 1)
    const refused = assert.rejects(pool.acquire({ timeoutMs: 50 }), { code: 'ERR_ACQUIRE_TIMEOUT' })
    await turns(3)
    assert.equal(pool.stats().connecting, 0)
    await clock.pass(50)
    await refused
    assert.equal(pool.stats().opened, 1)
  })
}

test('a connection that its peer ended after the reply, and that is destroyed without an error, did not fail', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({
    behaviour: (connection) => {
      connection.ignore()
      return connection.end('the reply')
    },
  })
  const pool = openPool(t, { port: server.port })
  for (let round = 0; round < 3; round++) {
    const lease = await pool.acquire()
    await once(lease.connection.resume(), 'end')
    lease.destroy()
  }
  const { closed, connectFailures } = pool.stats()
  assert.equal(closed.destroyed, 3)
  assert.equal(connectFailures.backend, 0)
})

/** Asks and hears the answer; false when the connection broke meanwhile. Ends the lease. */
async function answers(lease: Lease<Socket>): Promise<boolean> {
  try {
    lease.connection.write('question')
    await once(lease.connection, 'data', { signal: lease.signal })
    lease.release()
    return true
  } catch (error) {
    lease.destroy(error)
    return false
  }
}

async function ask(pool: Pool<Socket>, question: string): Promise<void> {
  const reply = await pool.use(async (socket, lease) => {
    socket.write(question)
    const [bytes] = await once(socket, 'data', { signal: lease.signal })
    return String(bytes)
  })
  assert.equal(reply, question)
}
