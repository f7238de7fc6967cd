import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer as createHttpServer, get } from 'node:http'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import type { Lease, Pool, TcpPoolSettings } from '../../src/index.ts'
import { RudeProcess, RudeServer } from '../../src/testing/index.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const MANY = 40
const BLOCKED_MS = 200

/** Runs `act` inside a callback of the event loop and answers what it answers. */
type Callback = <R>(act: () => Promise<R>) => Promise<R>

const callbacks: Record<string, Callback> = {
  'a timer callback': (act) =>
    new Promise((resolve) => {
      setTimeout(() => resolve(act()), 0)
    }),

  "a socket's 'data' handler": async (act) => {
    await using server = await RudeServer.start({
      behaviour: (connection) => connection.write('now'),
    })
    const socket = connect(server.port, '127.0.0.1')
    try {
      return await new Promise((resolve) => {
        socket.once('data', () => resolve(act()))
      })
    } finally {
      socket.destroy()
    }
  },

  'an HTTP request handler': async (act) => {
    const server = createHttpServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    assert.ok(typeof address === 'object' && address !== null)
    try {
      return await new Promise((resolve) => {
        server.once('request', (_request, response) => {
          resolve(act())
          response.end()
        })
        get({ port: address.port, host: '127.0.0.1', agent: false }, (reply) => reply.resume())
      })
    } finally {
      server.close()
      await once(server, 'close')
    }
  },
}

for (const [where, inCallback] of Object.entries(callbacks)) {
  test(`of ${MANY} connections closed while ${where} blocked the loop, none is lent`, async (t) => {
    await using peer = await RudeProcess.start()
    const pool = await parked(t, peer)
    const leases = await inCallback(() => {
      peer.doWhileBlocked('end', BLOCKED_MS)
      return acquireAll(pool, MANY)
    })
    assert.equal(pool.stats().closed.died, MANY)
    assert.deepEqual(
      leases.filter((lease) => lease.info.id <= MANY),
      [],
    )
    releaseAll(leases)
  })

  test(`of ${MANY} connections that late bytes reached while ${where} blocked the loop, none is lent`, async (t) => {
    await using peer = await RudeProcess.start()
    const pool = await parked(t, peer)
    const leases = await inCallback(() => {
      peer.doWhileBlocked({ write: 'late' }, BLOCKED_MS)
      return acquireAll(pool, MANY)
    })
    assert.equal(pool.stats().closed.dirty, MANY)
    assert.deepEqual(
      leases.filter((lease) => lease.info.id <= MANY),
      [],
    )
    releaseAll(leases)
  })
}

test('an acquire after the loop was blocked within the turn that polled is served by another poll', async (t) => {
  await using peer = await RudeProcess.start()
  const pool = await parked(t, peer)
  const first = await pool.acquire()
  // The turn that lent it is over: what it saw is no longer known to hold.
  await turns(1)
  const leases = await callbacks['an HTTP request handler']?.(() => {
    peer.doWhileBlocked('end')
    return acquireAll(pool, MANY - 1)
  })
  assert.deepEqual(
    leases?.filter((lease) => lease.info.id <= MANY),
    [],
  )
  assert.ok(leases)
  releaseAll([first, ...leases])
})

test('all who acquire in one turn share one freshness turn', async (t) => {
  let immediates = 0
  const clock = {
    now: () => performance.now(),
    setImmediate: (wake: () => void) => {
      immediates++
      setImmediate(wake)
    },
  }
  await using server = await RudeServer.start()
  const pool = await parked(t, server, { clock })
  const used = async (count: number) => {
    const before = immediates
    const leases = await acquireAll(pool, count)
    const used = immediates - before
    releaseAll(leases)
    await turns(3)
    return used
  }
  assert.equal(await used(MANY), await used(1))
  assert.equal(pool.stats().opened, MANY)
})

test('a connection of an earlier turn is lent after the second immediate, and not before', async (t) => {
  await using server = await RudeServer.start()
  const pool = await parked(t, server)
  let phase = 0
  const lentIn = pool.acquire().then((lease) => {
    lease.release()
    return phase
  })
  // Each is set after the pool's of the same phase, and so counts it once the pool's has run.
  setImmediate(() => {
    phase = 1
    setImmediate(() => {
      phase = 2
    })
  })
  assert.equal(await lentIn, 1)
})

test('a connection given back in this turn is lent again without a turn of the loop', async (t) => {
  await using server = await RudeServer.start()
  const pool = await parked(t, server, { max: 1 })
  const lease = await pool.acquire()
  const { id } = lease.info
  lease.release()
  const again = pool.acquire()
  assert.equal(pool.stats().waiting, 0)
  assert.equal(pool.stats().inUse, 1)
  const second = await again
  assert.equal(second.info.id, id)
  second.release()
})

test('an acquire in the turn that polled needs no turn of its own', async (t) => {
  await using server = await RudeServer.start()
  const pool = await parked(t, server, { max: 2 })
  const first = await pool.acquire()
  const second = pool.acquire()
  assert.equal(pool.stats().waiting, 0)
  first.release()
  const lease = await second
  lease.release()
})

test('within freshForMs of a poll an idle connection is lent without another', async (t) => {
  await using server = await RudeServer.start()
  const pool = await parked(t, server, { freshForMs: 60_000 })
  releaseAll([await pool.acquire()])
  await turns(3)
  const quick = pool.acquire()
  assert.equal(pool.stats().waiting, 0)
  releaseAll([await quick])
})

test('without freshForMs an idle connection of an earlier turn is waited for', async (t) => {
  await using server = await RudeServer.start()
  const pool = await parked(t, server)
  releaseAll([await pool.acquire()])
  await turns(3)
  const slow = pool.acquire()
  assert.equal(pool.stats().waiting, 1)
  releaseAll([await slow])
})

test('an acquire that may not wait takes the freshness turn', async (t) => {
  await using server = await RudeServer.start()
  const pool = await parked(t, server)
  releaseAll([await pool.acquire({ timeoutMs: 0 })])
  assert.equal(pool.stats().opened, MANY)
})

test('an acquire that may not wait is refused when the turn shows that all are dead', async (t) => {
  await using peer = await RudeProcess.start()
  const pool = await parked(t, peer)
  await callbacks['an HTTP request handler']?.(() => {
    peer.doWhileBlocked('end')
    return assert.rejects(pool.acquire({ timeoutMs: 0 }), { code: 'ERR_ACQUIRE_TIMEOUT' })
  })
  assert.equal(pool.stats().closed.died, MANY)
})

test('tryAcquire reads the vitals: it lends none that is known to be dead or dirty', async (t) => {
  for (const deed of ['end', { write: 'late' }] as const) {
    await using peer = await RudeProcess.start()
    const pool = await parked(t, peer)
    peer.doWhileBlocked(deed)
    await turns(3)
    assert.equal(pool.tryAcquire(), null)
  }
})

/** A pool with `max` connections that were lent, and have been idle for more than a turn. */
async function parked(
  t: TestContext,
  backend: RudeProcess | RudeServer,
  settings: TcpPoolSettings = {},
): Promise<Pool<Socket>> {
  const { max = MANY } = settings
  const { port } = backend
  const pool = openPool(t, { port, max, maxConnecting: max, ...settings })
  releaseAll(await acquireAll(pool, max))
  await backend.holds(max)
  await turns(3)
  assert.equal(pool.stats().idle, max)
  return pool
}

function acquireAll(pool: Pool<Socket>, count: number): Promise<Lease<Socket>[]> {
  return Promise.all(Array.from({ length: count }, () => pool.acquire()))
}

function releaseAll(leases: readonly Lease<Socket>[]): void {
  for (const lease of leases) lease.release()
}
