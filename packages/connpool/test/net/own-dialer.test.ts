import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as dial, Socket } from 'node:net'
import { Duplex, type DuplexOptions, duplexPair } from 'node:stream'
import { test } from 'node:test'
import { type ConnectContext, createTcpPool, type FailureContext } from '../../src/index.ts'
import { ManualClock, RudeServer } from '../../src/testing/index.ts'
import { next } from '../support/next.ts'
import { oneFailure } from '../support/one-failure.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

test('a dialer of one’s own is told host, port and signal, and its socket is pooled as any other', {
  timeout,
}, async () => {
  await using server = await RudeServer.start()
  const told: ConnectContext[] = []
  await using pool = createTcpPool({
    host: 'behind-a-proxy.invalid',
    port: 5432,
    connect: async (context) => {
      told.push(context)
      const socket = dial(server.port, '127.0.0.1')
      await once(socket, 'connect')
      return socket
    },
  })
  assert.equal(pool.name, 'behind-a-proxy.invalid:5432')
  const lease = await pool.acquire()
  assert.ok(lease.connection instanceof Socket)
  assert.equal(lease.info.address, 'behind-a-proxy.invalid:5432')
  assert.deepEqual(Object.keys(lease.info.timings ?? {}), ['connect'])
  const [{ signal, ...where } = assert.fail('it was not asked')] = told
  assert.deepEqual(where, { host: 'behind-a-proxy.invalid', port: 5432 })
  assert.equal(signal.aborted, false)
  lease.connection.write('question')
  assert.equal(String(await once(lease.connection, 'data')), 'question')
  lease.release()
  await turns(3)
  const closed = next(pool, 'close')
  server.connection.end()
  await closed
  assert.equal(pool.stats().closed.died, 1)
})

test('without a host the pool is named by number, and dialled all the same', {
  timeout,
}, async () => {
  await using server = await RudeServer.start()
  await using pool = createTcpPool({ connect: () => dial(server.port, '127.0.0.1') })
  assert.match(pool.name, /^pool-\d+$/)
  const lease = await pool.acquire()
  lease.connection.setNoDelay(true) // It is a Socket for the compiler, too.
  lease.release()
})

test('a socket that an own dialer answers gets noDelay and keepalive', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const calls: string[] = []
  t.mock.method(Socket.prototype, 'setNoDelay', (on: boolean) => calls.push(`noDelay ${on}`))
  t.mock.method(Socket.prototype, 'setKeepAlive', (on: boolean, ms: number) =>
    calls.push(`keepAlive ${on} ${ms}`),
  )
  await using pool = createTcpPool({ connect: () => dial(server.port, '127.0.0.1') })
  const lease = await pool.acquire()
  lease.release()
  assert.deepEqual(calls, ['noDelay true', 'keepAlive true 30000'])
})

test('any Duplex will do: it is lent, watched while idle, and closed', { timeout }, async () => {
  const ends: Duplex[] = []
  await using pool = createTcpPool({
    connect: async (): Promise<Duplex> => {
      const [ours, theirs] = duplexPair()
      theirs.on('data', (bytes) => theirs.write(bytes))
      ends.push(theirs)
      return ours
    },
    idleTimeoutMs: 60_000,
  })
  const lease = await pool.acquire()
  lease.connection.write('question')
  assert.equal(String(await once(lease.connection, 'data')), 'question')
  lease.connection.removeAllListeners('data')
  lease.release()
  await turns(3)
  const again = await pool.acquire()
  assert.equal(again.info.id, 1)
  again.release()
  await turns(3)
  ends[0]?.write('late')
  await turns(3)
  assert.equal(pool.stats().closed.dirty, 1)
})

for (const [what, answer] of Object.entries({
  nothing: undefined,
  'a number': 7,
  'an object': {},
})) {
  test(`a dialer that answers ${what} is a fault of the configuration`, { timeout }, async () => {
    await using pool = createTcpPool({ connect: async () => answer as unknown as Duplex })
    await assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
      assert.equal(error.code, 'ERR_CONNECT_FAILED')
      assert.match(String(error.cause), /connect\(\) answered .*; it must answer a Duplex stream/)
      return true
    })
  })
}

test('a stream that the dialer answers twice is lent to one borrower, and left to him', {
  timeout,
}, async () => {
  const [ours, theirs] = duplexPair()
  theirs.on('data', (bytes) => theirs.write(bytes))
  await using pool = createTcpPool({
    connect: (): Duplex => ours,
    max: 2,
    backoff: oneFailure,
  })
  const failed = next(pool, 'connectFailed')
  const [first, second] = [pool.acquire(), pool.acquire()]
  assert.match(String((await failed).error), /answered a stream that it had answered before/)
  assert.equal(pool.stats().connectFailures.config, 1)
  const lease = await first
  lease.connection.write('question')
  assert.equal(String(await once(lease.connection, 'data')), 'question')
  lease.connection.removeAllListeners('data')
  lease.release()
  const again = await second
  assert.equal(again.info.id, 1)
  again.release()
})

test('a stream that errs when it is destroyed harms nobody, though its borrower took all listeners off', {
  timeout,
}, async () => {
  await using pool = createTcpPool({
    connect: (): Duplex => {
      const destroy: DuplexOptions['destroy'] = (_error, done) => done(new Error('torn off'))
      return new Duplex({ read() {}, write: (_bytes, _encoding, done) => done(), destroy })
    },
  })
  const { connection } = await pool.use((connection) => {
    connection.removeAllListeners()
    return { connection }
  })
  assert.equal(pool.stats().closed.dirty, 1)
  await new Promise((resolve) => connection.once('close', resolve))
})

test('a stream that is closed when the dialer answers it is a failed dial', {
  timeout,
}, async () => {
  await using pool = createTcpPool({
    connect: async (): Promise<Duplex> => {
      const [dead] = duplexPair()
      return dead.destroy()
    },
    backoff: oneFailure,
  })
  await assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
    assert.match(String(error.cause), /connect\(\) answered a closed stream/)
    return true
  })
})

for (const [how, answered] of Object.entries({
  answers: (socket: Socket) => socket,
  promises: async (socket: Socket) => socket,
})) {
  test(`a socket that it ${how} and that fails at once is a failed dial, and harms nobody`, {
    timeout,
  }, async () => {
    await using pool = createTcpPool({
      connect: () => answered(dial(1, '127.0.0.1').destroy(new Error('no route'))),
      backoff: oneFailure,
    })
    // Out of a callback of the loop, after which ticks come before promises.
    const refused = new Promise((resolve) => setImmediate(() => resolve(pool.acquire())))
    await assert.rejects(refused, /last: no route/)
  })
}

test('what it throws is a failed dial of phase connect', { timeout }, async () => {
  const own = new Error('the proxy says no')
  const asked: FailureContext[] = []
  await using pool = createTcpPool({
    host: 'db',
    port: 1,
    connect: () => {
      throw own
    },
    backoff: oneFailure,
    classify: (_error, context) => {
      asked.push(context)
      return undefined
    },
  })
  await assert.rejects(pool.acquire(), { code: 'ERR_POOL_UNAVAILABLE', cause: own })
  assert.deepEqual(asked, [{ phase: 'connect', address: 'db:1' }])
})

test('a dialer that heeds its signal ends with connectTimeoutMs', { timeout }, async () => {
  const clock = new ManualClock()
  await using pool = createTcpPool({
    clock,
    connect: async ({ signal }): Promise<Duplex> => {
      await once(signal, 'abort')
      throw new Error('as you wish')
    },
    connectTimeoutMs: 300,
    backoff: oneFailure,
  })
  const refused = assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
    assert.match(String(error.cause), /did not accept the connection within 300 ms/)
    return true
  })
  await clock.pass(300)
  await refused
})

test('a dialer that goes on after its time holds its place, and what it answers then is destroyed', {
  timeout,
}, async () => {
  const clock = new ManualClock()
  const dials: ((stream: Duplex) => void)[] = []
  const pool = createTcpPool({
    clock,
    max: 1,
    connect: () => new Promise<Duplex>((resolve) => dials.push(resolve)),
    createTimeoutMs: 100,
    destroyTimeoutMs: 1_000,
    backoff: { initialMs: 1, maxMs: 1 },
  })
  pool.acquire().catch(() => {})
  for (let waited = 0; waited < 8; waited++) await clock.pass(100)
  assert.equal(dials.length, 1, 'law 3')
  assert.equal(pool.stats().connectFailures.backend, 1)
  const [ours] = duplexPair()
  dials[0]?.(ours)
  await once(ours, 'close')
  await clock.pass(1)
  assert.equal(dials.length, 2)
  const closed = pool.close()
  await clock.pass(999)
  assert.equal(dials.length, 2)
  await clock.pass(1)
  await closed
  assert.equal(pool.stats().opened, 0)
})

test('a stream that the handshake answers takes the place of the socket, and both end together', {
  timeout,
}, async () => {
  await using server = await RudeServer.start()
  const beneath: Socket[] = []
  await using pool = createTcpPool({
    host: '127.0.0.1',
    port: server.port,
    handshake: (socket) => {
      beneath.push(socket)
      return Duplex.from({ readable: socket, writable: socket })
    },
  })
  const lease = await pool.acquire()
  assert.notEqual(lease.connection, beneath[0])
  lease.connection.write('question')
  assert.equal(String(await once(lease.connection, 'data')), 'question')
  lease.destroy()
  await server.holds(0)
  assert.equal(beneath[0]?.destroyed, true)

  const other = await pool.acquire()
  const died = once(other.signal, 'abort')
  server.connection.reset()
  await died
  other.release()
  assert.equal(pool.stats().closed.died, 1)
})

test('a stream that is destroyed when the handshake answers it is a failed dial', {
  timeout,
}, async () => {
  await using server = await RudeServer.start()
  await using pool = createTcpPool({
    host: '127.0.0.1',
    port: server.port,
    backoff: oneFailure,
    handshake: () => {
      const [dead] = duplexPair()
      return dead.destroy()
    },
  })
  await assert.rejects(pool.acquire(), { code: 'ERR_POOL_UNAVAILABLE' })
  await server.holds(0)
})

test('a socket that still connects is waited for, and one that fails to is a failed dial', {
  timeout,
}, async () => {
  const server = await RudeServer.start()
  const { port } = server
  await server.close()
  await using pool = createTcpPool({
    connect: () => dial(port, '127.0.0.1'),
    backoff: oneFailure,
  })
  await assert.rejects(pool.acquire(), (error: Error) => {
    assert.match(String(error.cause), /ECONNREFUSED/)
    return true
  })
  assert.equal(pool.stats().opened, 0)
})
