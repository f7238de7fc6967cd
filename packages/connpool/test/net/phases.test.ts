import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FailureContext, Timings } from '../../src/index.ts'
import { BlackHole, ManualClock, RudeServer } from '../../src/testing/index.ts'
import { next } from '../support/next.ts'
import { oneFailure } from '../support/one-failure.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000
const skip = process.platform === 'linux' ? false : 'needs Linux'

test('each phase is measured by the pool’s clock, on the lease and in the events', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  const pool = openPool(t, {
    host: 'db',
    port: server.port,
    clock,
    lookup: async () => {
      clock.advance(30)
      return ['127.0.0.1']
    },
    handshake: () => clock.advance(7),
  })
  const told: (Timings | undefined)[] = []
  for (const name of ['open', 'acquire', 'close'] as const) {
    pool.on(name, ({ timings }) => told.push(timings))
  }
  const lease = await pool.acquire()
  const { timings } = lease.info
  assert.deepEqual(timings, { lookup: 30, connect: 0, handshake: 7 })
  assert.ok(Object.isFrozen(timings))
  lease.destroy()
  assert.deepEqual(told, [timings, timings, timings])
})

test('a dial that takes longer than connectTimeoutMs fails, and says so', {
  timeout,
  skip,
}, async (t) => {
  await using hole = await BlackHole.start()
  const { port } = hole
  const clock = new ManualClock()
  const asked: FailureContext[] = []
  const pool = openPool(t, {
    port,
    clock,
    connectTimeoutMs: 300,
    backoff: oneFailure,
    classify: (error, context) => {
      assert.equal(Reflect.get(Object(error), 'code'), 'ETIMEDOUT')
      asked.push(context)
      return undefined
    },
  })
  const refused = assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
    const message = `127.0.0.1:${port} did not accept the connection within 300 ms`
    assert.equal((error.cause as Error).message, message)
    return true
  })
  await clock.pass(299)
  assert.equal(pool.stats().connectFailures.backend, 0)
  await clock.pass(1)
  await refused
  assert.deepEqual(asked, [{ phase: 'connect', address: `127.0.0.1:${port}` }])
})

test('a handshake that takes longer than handshakeTimeoutMs fails, its signal aborts, and its socket goes', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  let signal: AbortSignal | undefined
  const pool = openPool(t, {
    port: server.port,
    clock,
    handshakeTimeoutMs: 300,
    backoff: oneFailure,
    handshake: (_socket, context) => {
      signal = context.signal
      return new Promise(() => {})
    },
  })
  const refused = assert.rejects(pool.acquire(), (error: Error) => {
    assert.match(String(error.cause), /did not finish the handshake within 300 ms/)
    return true
  })
  await server.holds(1)
  while (signal === undefined) await turns(1)
  await clock.pass(300)
  await refused
  assert.equal(signal.aborted, true)
  await server.holds(0)
})

test('a phase that is done in time leaves no timer', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  const pool = openPool(t, {
    port: server.port,
    clock,
    idleTimeoutMs: Infinity,
    maxLifetimeMs: Infinity,
    connectTimeoutMs: 300,
    handshakeTimeoutMs: 300,
    handshake: () => {},
  })
  const lease = await pool.acquire()
  lease.release()
  await clock.pass(2_000)
  assert.equal(clock.timers, 0)
})

for (const [option, limit] of Object.entries({
  lookupTimeoutMs: { lookupTimeoutMs: 2 ** 31 },
  createTimeoutMs: { createTimeoutMs: 2 ** 31 },
  connectTimeoutMs: { connectTimeoutMs: Number.MAX_SAFE_INTEGER },
  handshakeTimeoutMs: { handshakeTimeoutMs: Number.MAX_VALUE },
})) {
  test(`${option} may be longer than a timer runs: it is no limit then`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const clock = new ManualClock()
    const setTimer = t.mock.method(clock, 'setTimeout')
    const pool = openPool(t, {
      createTimeoutMs: Infinity,
      ...limit,
      clock,
      host: 'db',
      port: server.port,
      lookup: async () => '127.0.0.1',
      handshake: () => {},
    })
    const lease = await pool.acquire()
    lease.release()
    // The system's timers would ring at once.
    const tooLong = setTimer.mock.calls.filter(({ arguments: [, delayMs] }) => delayMs >= 2 ** 31)
    assert.equal(tooLong.length, 0)
  })
}

test('createTimeoutMs is over all phases, and its error says in which one it was over', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  const pool = openPool(t, {
    name: 'db',
    port: server.port,
    clock,
    createTimeoutMs: 1_000,
    handshakeTimeoutMs: 2_000,
    backoff: oneFailure,
    handshake: () => new Promise(() => {}),
  })
  const failed = next(pool, 'connectFailed')
  const refused = assert.rejects(pool.acquire(), { code: 'ERR_POOL_UNAVAILABLE' })
  await server.holds(1)
  await turns(3)
  await clock.pass(1_000)
  await refused
  const { error, address } = await failed
  const stage = `the handshake with 127.0.0.1:${server.port} was under way`
  assert.equal((error as Error).message, `db: no connection was opened within 1000 ms (${stage})`)
  assert.equal(address, `127.0.0.1:${server.port}`)
  await server.holds(0)
})

for (const [what, thrown] of Object.entries({ text: 'wrong password', nothing: undefined })) {
  test(`a handshake that throws ${what} instead of an error keeps its phase`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start()
    const asked: [unknown, FailureContext][] = []
    const pool = openPool(t, {
      port: server.port,
      backoff: oneFailure,
      handshake: () => {
        throw thrown
      },
      classify: (error, context) => {
        asked.push([error, context])
        return 'config'
      },
    })
    await assert.rejects(pool.acquire(), { code: 'ERR_CONNECT_FAILED' })
    const [error, context] = asked[0] ?? []
    assert.match(String(error), new RegExp(`the handshake threw ${thrown}`))
    assert.equal((error as Error).cause, thrown)
    assert.deepEqual(context, { phase: 'handshake', address: `127.0.0.1:${server.port}` })
  })
}
