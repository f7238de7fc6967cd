import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import { test } from 'node:test'
import type { FailureContext, HandshakeContext } from '../../src/index.ts'
import { ManualClock, type RudeConnection, RudeServer } from '../../src/testing/index.ts'
import { next } from '../support/next.ts'
import { oneFailure } from '../support/one-failure.ts'
import { type OpenOptions, openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000
const own = new Error('wrong password')

test('a connection is lent after its handshake, which is told where it is', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const told: HandshakeContext[] = []
  const pool = openPool(t, {
    port: server.port,
    handshake: async (socket, context) => {
      told.push(context)
      socket.write('hello')
      await once(socket, 'data')
    },
  })
  const lease = await pool.acquire()
  assert.equal(told.length, 1)
  assert.equal(told[0]?.address, `127.0.0.1:${server.port}`)
  assert.equal(told[0]?.signal.aborted, false)
  assert.equal(lease.info.address, `127.0.0.1:${server.port}`)
  const { timings } = lease.info
  assert.ok((timings?.connect ?? -1) >= 0 && (timings?.handshake ?? -1) >= 0)
  assert.ok(Object.isFrozen(timings))
  lease.release()
})

test('a handshake that returns nothing to wait for is done', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, handshake: () => 'done' })
  const lease = await pool.acquire()
  assert.equal(lease.info.timings?.connect === undefined, false)
  lease.release()
})

const failures: Record<string, NonNullable<OpenOptions['handshake']>> = {
  throws: () => {
    throw own
  },
  rejects: async (socket) => {
    socket.write('login')
    await once(socket, 'data')
    throw own
  },
  'destroys its socket with an error': (socket) => {
    socket.destroy(own)
    return new Promise(() => {})
  },
  'destroys its socket and is done': (socket) => {
    socket.destroy(own)
  },
}

for (const [how, handshake] of Object.entries(failures)) {
  test(`a handshake that ${how} is a failed dial, classified in its phase, and the cause`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start()
    const asked: FailureContext[] = []
    const pool = openPool(t, {
      port: server.port,
      handshake,
      backoff: oneFailure,
      classify: (error, context) => {
        assert.equal(error, own)
        asked.push(context)
        return 'config'
      },
    })
    await assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_CONNECT_FAILED')
      assert.equal(error.cause, own)
      return true
    })
    assert.deepEqual(asked, [{ phase: 'handshake', address: `127.0.0.1:${server.port}` }])
    assert.equal(pool.stats().connectFailures.config, 1)
    assert.equal(pool.stats().opened, 0)
    await server.holds(0)
  })
}

test('a handshake that hangs ends with createTimeoutMs, and its socket too', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  let signal: AbortSignal | undefined
  const pool = openPool(t, {
    port: server.port,
    createTimeoutMs: 50,
    backoff: oneFailure,
    handshake: (_socket, context) => {
      signal = context.signal
      return new Promise(() => {})
    },
  })
  await assert.rejects(pool.acquire(), { code: 'ERR_POOL_UNAVAILABLE' })
  assert.equal(signal?.aborted, true)
  await server.holds(0)
  assert.equal(pool.stats().connecting, 0)
  assert.equal(pool.stats().connectFailures.backend, 1)
})

for (const [how, end] of Object.entries({
  'closes the connection': (connection: RudeConnection) => connection.end(),
  'resets the connection': (connection: RudeConnection) => connection.reset(),
})) {
  test(`a peer that ${how} during the handshake fails the dial at once`, { timeout }, async (t) => {
    await using server = await RudeServer.start({
      behaviour: async (connection) => {
        await connection.heard()
        await end(connection)
      },
    })
    const pool = openPool(t, {
      port: server.port,
      createTimeoutMs: Infinity,
      backoff: oneFailure,
      handshake: (socket) => {
        socket.write('login')
        return new Promise(() => {})
      },
    })
    await assert.rejects(pool.acquire(), (error: Error & { code: string; cause: Error }) => {
      assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
      assert.match(String(error.cause), /closed the connection|ECONNRESET/)
      return true
    })
    assert.equal(pool.stats().opened, 0)
  })
}

test('close() aborts a handshake and ends its socket', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const begun = deferred()
  const pool = openPool(t, {
    port: server.port,
    handshake: (_socket, { signal }) => {
      begun.resolve(signal)
      return new Promise(() => {})
    },
  })
  const waiting = assert.rejects(pool.acquire(), { code: 'ERR_POOL_CLOSED' })
  const signal = await begun.promise
  await pool.close()
  await waiting
  assert.equal(signal.aborted, true)
  await server.holds(0)
  assert.equal(pool.stats().open, 0)
})

test('what is wrong with a dial that was stopped is nobody’s question', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const asked: unknown[] = []
  const pool = openPool(t, {
    port: server.port,
    min: 1,
    handshake: () => new Promise(() => {}),
    classify: (error) => {
      asked.push(error)
      return undefined
    },
  })
  await server.holds(1)
  await turns(3)
  pool.resize({ min: 0 })
  pool.invalidate()
  await server.holds(0)
  await turns(3)
  assert.deepEqual(asked, [])
})

test('a handshake that ends after it was aborted is of no consequence', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const begun = deferred()
  let finish = (): void => {}
  const pool = openPool(t, {
    port: server.port,
    handshake: (_socket, { signal }) => {
      begun.resolve(signal)
      return new Promise<void>((_resolve, reject) => {
        finish = () => reject(own)
      })
    },
  })
  const waiting = assert.rejects(pool.acquire(), { code: 'ERR_POOL_CLOSED' })
  await begun.promise
  await pool.close()
  await waiting
  finish()
  await turns(2)
  assert.equal(pool.stats().opened, 0)
})

test('what a handshake leaves unread is found: the connection is dirty, not lent, and a failed dial', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, {
    port: server.port,
    backoff: oneFailure,
    handshake: async (socket) => {
      socket.write('hello')
      while (socket.readableLength === 0) await turns(1)
    },
  })
  await assert.rejects(pool.acquire(), { code: 'ERR_POOL_UNAVAILABLE' })
  assert.equal(pool.stats().closed.dirty, 1)
  assert.equal(pool.stats().connectFailures.backend, 1)
  assert.equal(pool.stats().hits + pool.stats().misses, 0)
  await server.holds(0)
})

test('a handshake that takes the error listener off leaves an idle socket that harms nobody', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const handshake = (socket: Socket) => void socket.removeAllListeners('error')
  const pool = openPool(t, { port: server.port, min: 1, handshake })
  await pool.ready()
  await turns(3)
  const closed = next(pool, 'close')
  void server.reset()
  assert.match(String((await closed).error), /ECONNRESET/)
})

for (const how of ['limit', 'close()', 'peer']) {
  test(`a stream that a handshake answers after its end is destroyed: by ${how}`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start()
    const clock = new ManualClock()
    const [late] = duplexPair()
    let answer = (_stream: Duplex): void => {}
    const pool = openPool(t, {
      port: server.port,
      clock,
      handshakeTimeoutMs: 300,
      backoff: oneFailure,
      handshake: () => new Promise<Duplex>((resolve) => (answer = resolve)),
    })
    const refused = assert.rejects(pool.acquire())
    await server.holds(1)
    await turns(3)
    if (how === 'limit') await clock.pass(300)
    else if (how === 'close()') await pool.close()
    else void server.end()
    await refused
    const closed = once(late, 'close')
    answer(late)
    await closed
    assert.equal(pool.stats().opened, 0)
  })
}

test('a handshake leaves no listener on the socket', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const plain = openPool(t, { port: server.port })
  const shaken = openPool(t, { port: server.port, handshake: async () => {} })
  const counts = []
  for (const pool of [plain, shaken]) {
    const lease = await pool.acquire()
    const { connection } = lease
    counts.push(connection.eventNames().map((name) => [name, connection.listenerCount(name)]))
    lease.release()
  }
  assert.deepEqual(counts[1], counts[0])
  assert.deepEqual(
    counts[0]?.find(([name]) => name === 'error'),
    ['error', 1],
  )
})

function deferred(): { promise: Promise<AbortSignal>; resolve: (signal: AbortSignal) => void } {
  let resolve = (_signal: AbortSignal): void => {}
  const promise = new Promise<AbortSignal>((settle) => {
    resolve = settle
  })
  return { promise, resolve }
}
