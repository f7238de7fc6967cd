import assert from 'node:assert/strict'
import { getEventListeners } from 'node:events'
import { describe, test } from 'node:test'
import {
  assertSums,
  assertWhole,
  type Fixture,
  fixture,
  outcome,
  parked,
  rejection,
  settled,
} from './support/fixture.ts'
import { warnings } from './support/warnings.ts'

/** Every state in which an acquire may wait, and what it waits for. */
const phases: Record<string, () => Promise<Fixture>> = {
  'the freshness turn': () => parked(1, { max: 1 }),
  'the queue': async () => {
    const made = await parked(1, { max: 1 })
    const lease = await made.pool.acquire()
    queueMicrotask(() =>
      setImmediate(() => setImmediate(() => setImmediate(() => lease.release()))),
    )
    return made
  },
  'a probe': async () => {
    const made = await parked(1, { max: 1, probes: true, probeAfterIdleMs: 0 })
    made.source.behave('probe', 'hold')
    return made
  },
  'a dial': async () => {
    const made = fixture({ max: 1 })
    made.source.behave('create', 'hold')
    return made
  },
  'a delay after failed dials': async () => {
    const made = fixture({ max: 1 })
    made.source.behave('create', () => Promise.reject(new Error('down')))
    return made
  },
  'a paused pool': async () => {
    const made = await parked(1, { max: 1 })
    made.pool.pause()
    setImmediate(() => setImmediate(() => setImmediate(() => made.pool.resume())))
    return made
  },
}

for (const [phase, make] of Object.entries(phases)) {
  describe(`an acquire that is aborted while it waits for ${phase}`, () => {
    for (const turns of [0, 1]) {
      test(`rejects with the reason of its signal, ${turns} turns later, and leaves no trace`, async () => {
        const made = await make()
        const { pool } = made
        const controller = new AbortController()
        const { signal } = controller
        const acquired = rejection<unknown>(pool.acquire({ signal }))
        assert.equal(pool.stats().waiting, 1)
        for (let turn = 0; turn < turns; turn++) await new Promise((done) => setImmediate(done))
        const reason = Symbol('enough')
        controller.abort(reason)
        assert.equal(pool.stats().waiting, 0)
        assert.equal(await acquired, reason)
        const { aborts } = pool.stats()
        assert.equal(aborts, 1)
        assert.equal(getEventListeners(signal, 'abort').length, 0)
        await settled()
        assertSums(pool.stats())
        await assertWhole(made)
      })
    }

    test('is out of the way of whoever comes next', async () => {
      const made = await make()
      const controller = new AbortController()
      const first = rejection<unknown>(made.pool.acquire({ signal: controller.signal }))
      const second = made.pool.acquire()
      controller.abort()
      await first
      await settled()
      for (const verb of ['create', 'probe'] as const) {
        made.source.behave(verb, 'succeed')
        for (const call of made.source.held(verb)) call.succeed()
      }
      await made.clock.pass(200)
      ;(await second).release()
      await assertWhole(made)
    })
  })
}

describe('a signal', () => {
  test('that had aborted before rejects at once, counts as an abort and dials nothing', async () => {
    const { pool, source } = fixture()
    const signal = AbortSignal.abort('enough')
    assert.equal(await rejection<unknown>(pool.acquire({ signal })), 'enough')
    assert.equal(await rejection<unknown>(pool.use(() => {}, { signal })), 'enough')
    const { acquires, aborts, waiting } = pool.stats()
    assert.deepEqual([acquires, aborts, waiting], [2, 2, 0])
    assert.equal(source.calls('create').length, 0)
    await pool.close()
  })

  test('that had aborted takes no connection, though one is there', async () => {
    const { pool } = await parked(1)
    await rejection(pool.acquire({ signal: AbortSignal.abort() }))
    assert.equal(pool.stats().idle, 1)
    await pool.close()
  })

  test('that aborts after the lease was made changes nothing', async () => {
    const { pool } = fixture({ max: 1 })
    const controller = new AbortController()
    const lease = await pool.acquire({ signal: controller.signal })
    controller.abort()
    assert.equal(lease.signal.aborted, false)
    assert.equal(pool.stats().aborts, 0)
    lease.release()
    await pool.close()
  })

  test('that aborts between a refusal and its telling changes nothing: it is refused', async () => {
    const { pool } = await parked(1, { max: 1 })
    const lease = await pool.acquire()
    const controller = new AbortController()
    const acquired = rejection<{ code: string }>(
      pool.acquire({ signal: controller.signal, timeoutMs: 0 }),
    )
    controller.abort()
    assert.equal((await acquired).code, 'ERR_ACQUIRE_TIMEOUT')
    assert.deepEqual([pool.stats().aborts, pool.stats().timeouts], [0, 1])
    lease.release()
    await pool.close()
  })

  test('is let go on every path: granted, refused, timed out, full, closed, aborted', async () => {
    const { signal } = new AbortController()
    const { pool, clock } = await parked(1, { max: 1, maxWaiters: 1 })
    const lease = await pool.acquire({ signal })
    const waiting = rejection<{ code: string }>(pool.acquire({ signal, timeoutMs: 50 }))
    const full = rejection<{ code: string }>(pool.acquire({ signal }))
    const now = rejection<{ code: string }>(pool.acquire({ signal, timeoutMs: 0 }))
    await settled()
    assert.equal(getEventListeners(signal, 'abort').length, 1, 'the one that waits')
    await clock.pass(50)
    assert.equal((await waiting).code, 'ERR_ACQUIRE_TIMEOUT')
    assert.equal((await full).code, 'ERR_QUEUE_FULL')
    assert.equal((await now).code, 'ERR_ACQUIRE_TIMEOUT')
    const granted = pool.acquire({ signal })
    lease.release()
    ;(await granted).release()
    const last = pool.tryAcquire()
    const refused = rejection<{ code: string }>(pool.acquire({ signal }))
    void pool.close()
    last?.release()
    assert.equal((await refused).code, 'ERR_POOL_CLOSED')
    await rejection(pool.acquire({ signal }))
    assert.equal(getEventListeners(signal, 'abort').length, 0)
  })

  test('may be shared by a thousand acquires: none is forgotten, and Node does not warn', async () => {
    const { pool } = fixture({ max: 10 })
    const controller = new AbortController()
    const { signal } = controller
    const heard = await warnings(async () => {
      const acquired = Array.from({ length: 1_000 }, () => rejection(pool.acquire({ signal })))
      controller.abort()
      await Promise.all(acquired)
    })
    assert.deepEqual(heard, [])
    assert.equal(pool.stats().aborts, 1_000)
    await settled()
    await pool.close()
  })
})

describe('an acquire that may not wait', () => {
  test('is refused at once when nothing is there, and dials nothing', async () => {
    const { pool, source } = fixture()
    const error = await rejection<{ code: string; message: string }>(pool.acquire({ timeoutMs: 0 }))
    assert.equal(error.code, 'ERR_ACQUIRE_TIMEOUT')
    assert.match(
      error.message,
      /^test: no connection free at once \(0 in use, 0 idle, 0 connecting/,
    )
    assert.equal(source.calls('create').length, 0)
    assert.deepEqual([pool.stats().timeouts, pool.stats().waits], [1, 0])
    await pool.close()
  })

  test('is given a parked connection after the freshness turn', async () => {
    const { pool } = await parked(1)
    const { waits } = pool.stats()
    const lease = await pool.acquire({ timeoutMs: 0 })
    assert.deepEqual([pool.stats().waits, pool.stats().hits], [waits, 1])
    lease.release()
    ;(await pool.acquire({ timeoutMs: 0 })).release()
    await pool.close()
  })

  test('is refused when the parked connection dies in the freshness turn', async () => {
    const { pool, source } = await parked(1)
    const acquired = pool.acquire({ timeoutMs: 0 })
    source.connections[0]?.die()
    assert.equal(await outcome(acquired), 'ERR_ACQUIRE_TIMEOUT')
    await pool.close()
  })

  test('is refused when the connection would need a probe, and none is begun', async () => {
    const { pool, source } = await parked(1, { probes: true, probeAfterIdleMs: 0 })
    assert.equal(await outcome(pool.acquire({ timeoutMs: 0 })), 'ERR_ACQUIRE_TIMEOUT')
    assert.equal(source.calls('probe').length, 0)
    assert.equal(pool.tryAcquire(), null)
    await pool.close()
  })

  test('is refused in a paused pool, and while others wait before it', async () => {
    const { pool } = await parked(1, { max: 1 })
    pool.pause()
    assert.equal(await outcome(pool.acquire({ timeoutMs: 0 })), 'ERR_ACQUIRE_TIMEOUT')
    assert.equal(pool.tryAcquire(), null)
    pool.resume()
    const lease = await pool.acquire()
    const waiting = pool.acquire()
    assert.equal(await outcome(pool.acquire({ timeoutMs: 0 })), 'ERR_ACQUIRE_TIMEOUT')
    lease.release()
    ;(await waiting).release()
    await pool.close()
  })

  test('is what acquireTimeoutMs: 0 makes of every acquire', async () => {
    const { pool, source } = await parked(1, { acquireTimeoutMs: 0, min: 1 }).catch(async () => {
      const made = fixture({ acquireTimeoutMs: 0, min: 1 })
      await settled()
      return made
    })
    ;(await pool.acquire()).release()
    source.connections[0]?.die()
    assert.equal(await outcome(pool.acquire()), 'ERR_ACQUIRE_TIMEOUT')
    ;(await pool.acquire({ timeoutMs: 100 })).release()
    await pool.close()
  })
})

test('an acquire settles by its deadline, whatever it waits for', async () => {
  for (const make of Object.values(phases)) {
    const made = await make()
    const { pool, clock } = made
    // The turn, a release and resume come by themselves, and in time.
    const acquired = pool.acquire({ timeoutMs: 70 })
    const how = acquired.then(
      (lease) => lease.release(),
      (error: { code: string; message: string }) => {
        assert.equal(error.code, 'ERR_ACQUIRE_TIMEOUT')
        assert.match(error.message, /^test: no connection within 70 ms \(/)
      },
    )
    await clock.pass(70)
    await how
    assert.equal(pool.stats().waiting, 0)
    await assertWhole(made)
  }
})

test('one freshness turn vouches for its own turn of the loop, and for no later one', async () => {
  const turn = () => new Promise((done) => setImmediate(done))
  const { pool, source } = await parked(2, { max: 2 })
  const [first, second] = await Promise.all([pool.acquire(), pool.acquire()])
  first.release()
  second.release()
  await settled()
  const acquired = pool.acquire({ timeoutMs: 0 })
  await turn()
  for (const connection of source.open) connection.die()
  assert.equal(await outcome(acquired), 'ERR_ACQUIRE_TIMEOUT')
  await pool.close()
})

test('a waiter’s time is counted for those that waited, and for the turn it is no wait', async () => {
  const { pool, clock } = await parked(1, { max: 1 })
  const lease = await pool.acquire()
  const waiting = pool.acquire()
  await clock.pass(30)
  lease.release()
  ;(await waiting).release()
  const late = pool.tryAcquire()
  const refused = rejection(pool.acquire({ timeoutMs: 12 }))
  await clock.pass(12)
  await refused
  late?.release()
  const { waits, waitTimeMs, hits, misses, timeouts } = pool.stats()
  assert.deepEqual({ waits, waitTimeMs }, { waits: 3, waitTimeMs: 42 })
  assert.deepEqual({ hits, misses, timeouts }, { hits: 3, misses: 1, timeouts: 1 })
  await pool.close()
})

test('a timeout says how old the oldest lease is by then, whichever it is', async () => {
  const { pool, clock } = await parked(2, { max: 2 })
  const late = async () => {
    const refused = rejection(pool.acquire({ timeoutMs: 10 }))
    await clock.pass(10)
    return /oldest lease (.*)\)/.exec((await refused).message)?.[1]
  }
  await clock.pass(500)
  const first = pool.tryAcquire()
  await clock.pass(200)
  const second = pool.tryAcquire()
  assert.equal(await late(), '210 ms')
  first?.release()
  const third = pool.tryAcquire()
  assert.equal(await late(), '20 ms')
  await clock.pass(970)
  assert.equal(await late(), '1 s')
  second?.release()
  third?.release()
  await pool.close()
})

test('of those who time out together each is told how long it waited', async () => {
  const { pool, clock } = await parked(1, { max: 1 })
  const lease = pool.tryAcquire()
  const patient = rejection(pool.acquire({ timeoutMs: 100 }))
  await clock.pass(50)
  const hurried = rejection(pool.acquire({ timeoutMs: 50 }))
  await clock.pass(50)
  assert.match((await patient).message, /no connection within 100 ms/)
  assert.match((await hurried).message, /no connection within 50 ms/)
  lease?.release()
  await pool.close()
})

test('the oldest lease may be the last one of its connection', async () => {
  const { pool, clock } = await parked(2, { max: 2, maxUses: 2 })
  const last = pool.tryAcquire()
  await clock.pass(100)
  const young = pool.tryAcquire()
  const refused = rejection(pool.acquire({ timeoutMs: 10 }))
  await clock.pass(10)
  assert.match((await refused).message, /oldest lease 110 ms\)/)
  last?.release()
  young?.release()
  await pool.close()
})

test('a timeout explains itself: who holds what, how long, and what failed last', async () => {
  const { pool, source, clock } = fixture({ max: 2, backoff: { jitter: 0 } })
  const lease = await pool.acquire()
  const down = new Error('connect ECONNREFUSED')
  source.behave('create', () => Promise.reject(down))
  await clock.pass(1_900)
  const error = rejection<Error & { stats: { waiting: number } }>(pool.acquire({ timeoutMs: 100 }))
  await clock.pass(100)
  const { message, cause, stats } = await error
  assert.equal(
    message,
    'test: no connection within 100 ms (1 in use, 0 idle, 0 connecting, 0 waiting; ' +
      'oldest lease 2 s); the last dial failed: connect ECONNREFUSED',
  )
  assert.equal(cause, down)
  assert.ok(Object.isFrozen(stats))
  lease.release()
  await pool.close()
})
