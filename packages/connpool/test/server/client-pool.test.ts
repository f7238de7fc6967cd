import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { PassThrough } from 'node:stream'
import { describe, test } from 'node:test'
import {
  AcquireTimeoutError,
  createTcpPool,
  InvalidOptionError,
  LeaseReleasedError,
  PoolClosedError,
} from '../../src/index.ts'
import { createClientPool } from '../../src/server/index.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { openClient, openServer, until } from './support/places.ts'
import { namingServer } from './support/plain-peer.ts'

const timeout = 10_000
type T = { after(end: () => void): void }

/** A server that does what it is told with whoever connects. */
async function serverThat(
  t: T,
  meets: (socket: Socket) => void,
): Promise<{ server: Server; port: number }> {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    meets(socket)
  }).listen(0, '127.0.0.1')
  t.after(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  await once(server, 'listening')
  return { server, port: (server.address() as { port: number }).port }
}

test('what is taken leaves the stock, and its release ends it', { timeout }, async (t) => {
  const { pool: server, port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 2, minIntervalMs: 60_000 })
  await pool.ready()
  const lease = await pool.acquire()
  const { idle, inUse, capacity, intervalMs, closed } = pool.stats()
  assert.deepEqual([idle, inUse, capacity, intervalMs, closed.detached], [1, 0, 2, 60_000, 1])
  const far = await server.acquireById(lease.id)
  const { connection } = lease
  connection.write('last words')
  lease.release()
  const [bytes] = await once(far.connection, 'data')
  assert.equal(String(bytes), 'last words')
  await once(far.connection, 'close')
  assert.throws(() => lease.connection, LeaseReleasedError)
  assert.throws(() => lease.release(), LeaseReleasedError)
  lease[Symbol.dispose]()
  far.release()
})

test('what a lease leaves to its taker outlives the pool, and so does what is in the field', {
  timeout,
}, async (t) => {
  const { pool: server, port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 2 })
  await pool.ready()
  const [one, other] = [await pool.acquire(), await pool.acquire()]
  const mine = one.detach()
  const far = await server.acquireById(one.id)
  await pool.close()
  assert.equal(mine.destroyed, false)
  assert.equal(other.connection.destroyed, false)
  mine.destroy()
  other.destroy()
  await once(far.connection, 'close')
  far.release()
  await assert.rejects(pool.acquire(), PoolClosedError)
})

test('an empty stock dials at once for whoever asks', { timeout }, async (t) => {
  const { port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 1, minIntervalMs: 60_000 })
  await pool.ready()
  const leases = [await pool.acquire(), await pool.acquire(), await pool.acquire()]
  assert.equal(new Set(leases.map(({ id }) => id)).size, 3)
  assert.equal(pool.stats().idle, 0)
  for (const lease of leases) lease.release()
})

test('the stock is filled in rounds, and grows and shrinks as it is used', {
  timeout,
}, async (t) => {
  const { port } = await openServer(t)
  const clock = new ManualClock()
  const bounds = { minCapacity: 4, maxCapacity: 6, minIntervalMs: 20, maxIntervalMs: 400 }
  const pool = openClient(t, { port, clock, ...bounds })
  /** What a round makes of it, and how much is there once it is filled. */
  const round = async (filled: number) => {
    clock.advance(pool.intervalMs)
    await until(() => pool.stats().idle === filled)
    return [pool.capacity, pool.intervalMs]
  }
  await pool.ready()
  for (const lease of await Promise.all([1, 2, 3, 4].map(() => pool.acquire()))) lease.release()
  clock.advance(19)
  assert.deepEqual([pool.stats().idle, pool.stats().connecting], [0, 0])
  assert.deepEqual(await round(5), [5, 20], 'all were made anew')
  assert.deepEqual(await round(6), [6, 120], 'all were made anew, and none was taken')
  assert.deepEqual(await round(6), [5, 220], 'one of six was made anew')
  assert.deepEqual(await round(6), [4, 320])
  assert.deepEqual(await round(6), [4, 400])
})

test('a pace of the caller’s own decides, within the bounds', { timeout }, async (t) => {
  const { port } = await openServer(t)
  const seen: number[] = []
  const pool = openClient(t, {
    port,
    minCapacity: 1,
    maxCapacity: 5,
    minIntervalMs: 5,
    maxIntervalMs: 10,
    pace: ({ capacity, idle, maxIntervalMs }) => {
      seen.push(idle)
      return { capacity: capacity * 3, intervalMs: maxIntervalMs * 100 }
    },
  })
  await until(() => pool.stats().idle === 5)
  assert.deepEqual([pool.capacity, pool.intervalMs], [5, 10])
  assert.ok(seen.length >= 2)
})

test('a pace that throws, or answers nonsense, is reported and harms nobody', {
  timeout,
}, async (t) => {
  const { port } = await openServer(t)
  const warned = once(process, 'warning')
  const pool = openClient(t, {
    port,
    minCapacity: 2,
    minIntervalMs: 5,
    maxIntervalMs: 10,
    pace: ({ created }) => {
      if (created > 0) throw new Error('mine')
      return { capacity: Number.NaN, intervalMs: Number.NaN }
    },
  })
  const [warning] = await warned
  assert.match(warning.message, /pace\(\) threw: .*mine/)
  await until(() => pool.intervalMs === 5)
  assert.equal(pool.capacity, 2)
})

test('in mode single the client names its own, and no byte is read', { timeout }, async (t) => {
  const { port } = await serverThat(t, (socket) => void socket.write('a greeting, no id'))
  const pool = openClient(t, { port, mode: 'single', minCapacity: 2 })
  await pool.ready()
  const lease = await pool.acquire()
  assert.match(lease.id, /^[\da-f]{8}$/)
  const [bytes] = await once(lease.connection, 'data')
  assert.equal(String(bytes), 'a greeting, no id')
  lease.release()
})

test('not a byte that the server sent behind the id is eaten', { timeout }, async (t) => {
  const { port } = await serverThat(t, (socket) => void socket.write('0123abcdearly bytes'))
  const pool = openClient(t, { port, minCapacity: 1 })
  const lease = await pool.acquireById('0123abcd')
  const [bytes] = await once(lease.connection, 'data')
  assert.equal(String(bytes), 'early bytes')
  lease.release()
})

describe('what is no id is a failed dial that says why', () => {
  const cases: Record<string, [meets: (socket: Socket) => void, message: RegExp]> = {
    'an id that is not hexadecimal': [
      (socket) => socket.write('HTTP/1.1 400'),
      /the server sent "HTTP\/1\.1", which is no id of 8 hexadecimal digits/,
    ],
    'upper case': [(socket) => socket.write('ABCDEF01'), /"ABCDEF01", which is no id/],
    'half an id': [(socket) => socket.end('0123'), /the server ended it after 4 of the 8 bytes/],
    'no id': [(socket) => socket.end(), /the server ended it after no id/],
    'half an id, and silence': [(socket) => socket.write('0123'), /within 100 ms/],
  }
  for (const [what, [meets, message]] of Object.entries(cases)) {
    test(what, { timeout }, async (t) => {
      const { port } = await serverThat(t, meets)
      const backoff = { initialMs: 60_000, maxMs: 60_000, failFastAfter: 1 }
      const pool = openClient(t, { port, minCapacity: 1, handshakeTimeoutMs: 100, backoff })
      await assert.rejects(pool.acquire(), (error: Error) => {
        assert.match(String((error.cause as Error).message), message)
        return true
      })
      assert.equal(pool.stats().errors, 1)
    })
  }
})

test('an id that comes in pieces is an id', { timeout }, async (t) => {
  const { port } = await serverThat(t, (socket) => {
    socket.setNoDelay(true)
    const [first, ...others] = 'cafe0001'
    socket.write(first ?? '')
    let sent = Promise.resolve()
    for (const digit of others) {
      sent = sent.then(() => new Promise((resolve) => setImmediate(resolve)))
      sent = sent.then(() => void socket.write(digit))
    }
  })
  const pool = openClient(t, { port, minCapacity: 1 })
  const lease = await pool.acquire()
  assert.equal(lease.id, 'cafe0001')
  lease.release()
})

test('an id that comes twice is taken once, and the second connection is closed', {
  timeout,
}, async (t) => {
  const ends: Promise<unknown>[] = []
  const { port } = await serverThat(t, (socket) => {
    ends.push(once(socket, 'close'))
    socket.write('00000001')
    socket.resume()
  })
  const pool = openClient(t, {
    port,
    minCapacity: 2,
    backoff: { initialMs: 60_000, maxMs: 60_000, failFastAfter: Infinity },
  })
  await until(() => pool.stats().errors === 1)
  await ends[1]
  const { idle, closed } = pool.stats()
  assert.deepEqual([idle, closed.died], [1, 0])
})

test('while the server is away the dials back off, and the stock stands again when it is back', {
  timeout,
}, async (t) => {
  const met: Socket[] = []
  const first = await namingServer(null, (_id, socket) => met.push(socket))
  const backoff = { initialMs: 10, maxMs: 40, failFastAfter: Infinity }
  const pool = openClient(t, { port: first.port, minCapacity: 3, minIntervalMs: 5, backoff })
  await pool.ready()
  first.close()
  for (const socket of met.splice(0)) socket.destroy()
  await until(() => pool.stats().errors >= 5)
  assert.equal(pool.stats().idle, 0)
  const { port } = first
  const back = createServer((socket) => {
    socket.on('error', () => {})
    socket.write((1 + met.push(socket)).toString(16).padStart(8, '0'))
  }).listen(port, '127.0.0.1')
  t.after(() => {
    back.close()
    for (const socket of met) socket.destroy()
  })
  await until(() => pool.stats().idle >= 3)
})

test('put brings back what was taken, and what is one too many is closed', {
  timeout,
}, async (t) => {
  const { pool: server, port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 1, maxCapacity: 1, minIntervalMs: 60_000 })
  await pool.ready()
  const lease = await pool.acquire()
  const { id } = lease
  const connection = lease.detach()
  assert.equal(pool.put(id, connection), true)
  const again = await pool.acquireById(id)
  assert.equal(again.connection, connection)
  const mine = again.detach()
  const extra = await pool.acquire()
  assert.equal(pool.put(id, mine), true)
  assert.equal(pool.put(extra.id, extra.detach()), false, 'the stock is full')
  await until(() => server.stats().closed.died === 1)
  assert.equal(pool.put(id, new PassThrough() as unknown as Socket), false, 'one has that id')
  assert.equal(pool.stats().idle, 1)
  const last = await pool.acquire()
  assert.equal(last.connection, mine)
  last.release()
})

test('put leaves alone what is in a pool already, by whatever id', { timeout }, async (t) => {
  const { port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 4, minIntervalMs: 60_000 })
  await pool.ready()
  const lease = await pool.acquire()
  const connection = lease.detach()
  assert.equal(pool.put(lease.id, connection), true)
  assert.equal(pool.put('00000001', connection), false)
  assert.equal(pool.put(lease.id, connection), false)
  const again = await pool.acquireById(lease.id)
  assert.equal(again.connection, connection)
  await assert.rejects(pool.acquireById('00000001', { timeoutMs: 0 }), AcquireTimeoutError)
  again.release()
})

test('an id is free once its connection is closed, by whatever ids that came back before', {
  timeout,
}, async (t) => {
  const { port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 2, minIntervalMs: 60_000 })
  await pool.ready()
  const connection = (await pool.acquire()).detach()
  assert.equal(pool.put('00000001', connection), true)
  const again = await pool.acquireById('00000001')
  const closed = once(connection, 'close')
  again.destroy()
  await closed
  const other = (await pool.acquire()).detach()
  assert.equal(pool.put('00000001', other), true)
})

test('a connection is told of as open before it is told of as acquired, also by its id', {
  timeout,
}, async (t) => {
  const { port } = await serverThat(t, (socket) => void socket.write('deadbeef'))
  const pool = openClient(t, { port, minCapacity: 1, maxCapacity: 1, minIntervalMs: 60_000 })
  const told: string[] = []
  for (const event of ['open', 'acquire', 'close'] as const) pool.on(event, () => told.push(event))
  const lease = await pool.acquireById('deadbeef')
  lease.release()
  assert.deepEqual(told.slice(0, 2), ['open', 'acquire'])
})

test('put refuses what is unread, closed, or another’s id', { timeout }, async (t) => {
  const { port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 2, minIntervalMs: 60_000 })
  await pool.ready()
  const [one, other] = [await pool.acquire(), await pool.acquire()]
  assert.equal(pool.put(other.id, one.detach()), false, 'that id is in the field')
  const closed = other.detach()
  closed.destroy()
  assert.equal(pool.put(other.id, closed), false)
  assert.equal(pool.stats().idle, 0)
  for (const bad of [() => pool.put('x', closed), () => pool.put('00000000', {} as Socket)]) {
    assert.throws(bad, InvalidOptionError)
  }
})

test('every id that a connection went by is free once it is closed', { timeout }, async (t) => {
  const { port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 2, minIntervalMs: 60_000 })
  await pool.ready()
  const lease = await pool.acquire()
  const { id } = lease
  const connection = lease.detach()
  assert.equal(pool.put('00000001', connection), true)
  const again = await pool.acquireById('00000001')
  const closed = once(connection, 'close')
  again.destroy()
  await closed
  const other = (await pool.acquire()).detach()
  assert.equal(pool.put(id, other), true)
})

test('put leaves alone what another pool has', { timeout }, async (t) => {
  const { port } = await serverThat(t, () => {})
  const pool = openClient(t, { port, mode: 'single', minCapacity: 2, minIntervalMs: 60_000 })
  await pool.ready()
  const taken = await pool.acquire()
  const plain = createTcpPool({ host: '127.0.0.1', port, max: 1 })
  t.after(() => plain.close({ graceMs: 0 }).catch(() => {}))
  const lease = await plain.acquire()
  assert.equal(pool.put('00000001', lease.connection), false)
  assert.equal(lease.connection.destroyed, false)
  lease.release()
  taken.release()
})

test('flush closes the stock and fills it anew; what was taken is left alone', {
  timeout,
}, async (t) => {
  const { port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 2 })
  await pool.ready()
  const lease = await pool.acquire()
  pool.flush()
  await until(() => pool.stats().closed.invalidated >= 1 && pool.stats().idle >= 1)
  assert.equal(lease.connection.destroyed, false)
  lease.release()
})

test('errors that are recorded are counted', { timeout }, async (t) => {
  const { port } = await openServer(t)
  const pool = openClient(t, { port })
  pool.recordError()
  pool.recordError()
  assert.equal(pool.stats().errors, 2)
})

test('use ends what it took, when the function is done and when it throws', {
  timeout,
}, async (t) => {
  const { pool: server, port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 2, minIntervalMs: 60_000 })
  await pool.ready()
  assert.equal(await pool.use((_connection, { id }) => id.length), 8)
  await assert.rejects(
    pool.use(() => Promise.reject(new Error('mine'))),
    /mine/,
  )
  await until(() => server.stats().open === 0)
  const mine = await pool.use((_connection, lease) => lease.detach())
  assert.equal(mine.destroyed, false)
  mine.destroy()
})

test('what was written last arrives, when a lease is released and when use is done', {
  timeout,
}, async (t) => {
  const { pool: server, port } = await openServer(t)
  const pool = openClient(t, { port, minCapacity: 2, minIntervalMs: 60_000 })
  await pool.ready()
  const long = Buffer.alloc(4 * 2 ** 20, 'x')
  let id = ''
  await pool.use((connection, lease) => {
    id = lease.id
    connection.write(long)
  })
  const far = await server.acquireById(id)
  let arrived = 0
  for await (const bytes of far.connection) arrived += bytes.length
  assert.equal(arrived, long.length)
})

test('who waits for an id is served when it is stocked, or refused in time', {
  timeout,
}, async (t) => {
  let meet = (_socket: Socket) => {}
  const met = new Promise<Socket>((resolve) => {
    meet = resolve
  })
  const { port } = await serverThat(t, (socket) => meet(socket))
  const pool = openClient(t, { port, minCapacity: 1, maxCapacity: 1 })
  await assert.rejects(pool.acquireById('deadbeef', { timeoutMs: 10 }), AcquireTimeoutError)
  const any = pool.acquire({ timeoutMs: 200 })
  const byId = pool.acquireById('deadbeef')
  const socket = await met
  socket.write('deadbeef')
  const lease = await byId
  assert.equal(lease.id, 'deadbeef')
  lease.release()
  await assert.rejects(any, AcquireTimeoutError)
})

const refused = {
  'nowhere to connect to': {},
  'no capacity': { port: 1, minCapacity: 0 },
  'a capacity that contradicts itself': { port: 1, minCapacity: 5, maxCapacity: 4 },
  'intervals that contradict each other': { port: 1, minIntervalMs: 5, maxIntervalMs: 4 },
  'a mode that there is not': { port: 1, mode: 'double' },
  'a size of a pool that keeps no stock': { port: 1, max: 4 },
  'a reset of what never comes back': { port: 1, reset: () => {} },
}

for (const [what, options] of Object.entries(refused)) {
  test(`refused: ${what}`, () => {
    assert.throws(() => createClientPool(options as { port: number }), InvalidOptionError)
  })
}
