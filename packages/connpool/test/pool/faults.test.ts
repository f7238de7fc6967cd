import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { inspect } from 'node:util'
import { createPool } from '../../src/pool/pool.ts'
import type { FakeBehaviour } from '../../src/testing/index.ts'
import {
  assertSums,
  assertWhole,
  fixture,
  outcome,
  parked,
  rejection,
  settled,
} from './support/fixture.ts'
import { warnings } from './support/warnings.ts'

const never = () => new Promise(() => {})

/** Whatever may be thrown, rejected with, or answered. */
const oddities: readonly unknown[] = [
  new Error('odd'),
  'text',
  0,
  null,
  undefined,
  Symbol('odd'),
  Object.create(null),
]

describe('create', () => {
  for (const odd of oddities) {
    const name = typeof odd === 'object' && odd !== null ? 'an object' : String(odd)
    for (const how of ['throws', 'rejects'] as const) {
      test(`that ${how} with ${name} is a failed dial, and the waiter waits for the next`, async () => {
        const made = fixture({ max: 1, backoff: { jitter: 0 } })
        made.source.behave('create', () => {
          if (how === 'throws') throw odd
          return Promise.reject(odd)
        })
        const acquired = made.pool.acquire()
        assert.equal(await outcome(acquired), 'pending')
        assert.equal(made.pool.stats().connectFailures.backend, 1)
        assertSums(made.pool.stats())
        made.source.behave('create', 'succeed')
        await made.clock.pass(100)
        ;(await acquired).release()
        await assertWhole(made)
      })
    }
  }

  test('that fails until the deadline is the cause of a timeout, whatever it threw', async () => {
    const { pool, source, clock } = fixture({ acquireTimeoutMs: 50 })
    const odd = Object.create(null)
    source.behave('create', () => Promise.reject(odd))
    const acquired = rejection(pool.acquire())
    await clock.pass(50)
    const error = await acquired
    assert.equal(error.cause, odd)
    assert.match(error.message, /^test: no connection within 50 ms \(/)
    await pool.close()
  })

  test('that never settles is given up after createTimeoutMs, and its place after destroyTimeoutMs', async () => {
    const made = fixture({
      max: 1,
      createTimeoutMs: 100,
      destroyTimeoutMs: 50,
      backoff: { jitter: 0 },
    })
    const { pool, source, clock } = made
    source.behave('create', never)
    const acquired = pool.acquire()
    await clock.pass(99)
    assert.equal(pool.stats().connecting, 1)
    await clock.pass(1)
    assert.equal(source.calls('create')[0]?.signal?.aborted, true)
    assert.equal(pool.stats().connecting, 0)
    assert.equal(pool.stats().connectFailures.backend, 1)
    source.behave('create', 'succeed')
    await clock.pass(100)
    ;(await acquired).release()
    assert.equal(source.calls('create').length, 2)
    await assertWhole(made)
  })

  test('that succeeds after its abort opens a connection that is closed at once, and counted', async () => {
    const made = fixture({ max: 1, createTimeoutMs: 100 })
    const { pool, source, clock } = made
    source.behave('create', 'hold')
    let tookMs: number | undefined
    pool.on('open', (event) => {
      tookMs = event.tookMs
    })
    const acquired = pool.acquire({ timeoutMs: 150 })
    const refused = rejection(acquired)
    await clock.pass(100)
    source.held('create')[0]?.succeed()
    await settled()
    assert.equal(tookMs, 100)
    assert.equal(source.connections[0]?.reason, 'excess')
    assert.equal(pool.stats().opened, 1)
    assert.equal(pool.stats().closed.excess, 1)
    await clock.pass(50)
    await refused
    await assertWhole(made)
  })

  test('that succeeds after even its place was given up is closed, and counted', async () => {
    const made = fixture({ max: 1, createTimeoutMs: 100, destroyTimeoutMs: 100 })
    const { pool, source, clock } = made
    source.behave('create', 'hold')
    const refused = rejection(pool.acquire({ timeoutMs: 250 }))
    await clock.pass(250)
    await refused
    const [late] = source.held('create')
    late?.succeed()
    await settled()
    assert.equal(late?.connection.reason, 'excess')
    assertSums(pool.stats())
    await assertWhole(made)
  })

  test('that rejects after its abort says nothing: the abort was the failure', async () => {
    const made = fixture({ max: 1, createTimeoutMs: 100 })
    const { pool, source, clock } = made
    source.behave('create', 'hold')
    const refused = rejection(pool.acquire({ timeoutMs: 100 }))
    await clock.pass(100)
    source.held('create')[0]?.fail(new Error('aborted'))
    await settled()
    assert.equal(pool.stats().connectFailures.backend, 1)
    await refused
    await assertWhole(made)
  })

  test('that answers nothing is a failed dial: it may have forgotten its return', async () => {
    for (const nothing of [undefined, null]) {
      const pool = createPool<unknown>({ name: 'test', create: () => nothing, destroy: () => {} })
      await assert.rejects(pool.acquire(), {
        code: 'ERR_CONNECT_FAILED',
        cause: new TypeError(`test: create() answered ${nothing}, no connection`),
      })
      assert.equal(pool.stats().opened, 0)
      await pool.close()
    }
  })

  test('that is done is not told to stop, whatever becomes of the connection', async () => {
    const { pool, source } = await parked(1)
    pool.tryAcquire()?.destroy()
    assert.equal(source.calls('create')[0]?.signal?.aborted, false)
    await pool.close()
  })

  test('may answer with anything else: it is lent as it is', async () => {
    for (const odd of [0, '', false]) {
      const pool = createPool<unknown>({ create: () => odd, destroy: () => {} })
      const lease = await pool.acquire()
      assert.equal(lease.connection, odd)
      lease.release()
      await pool.close()
    }
  })
})

describe('died', () => {
  test('while the connection is being created is a failed dial, and a late result is closed', async () => {
    const made = fixture({ max: 1, backoff: { jitter: 0 } })
    const { pool, source, clock } = made
    const failures: unknown[] = []
    pool.on('connectFailed', ({ error }) => failures.push(error))
    source.behave('create', 'hold')
    const acquired = pool.acquire()
    await settled()
    const [call] = source.held('create')
    const error = new Error('reset')
    call?.connection.die(error)
    call?.connection.die()
    assert.equal(call?.signal?.aborted, true)
    assert.equal(pool.stats().connectFailures.backend, 1)
    assert.deepEqual(failures, [error])
    call?.succeed()
    await settled()
    assert.equal(call?.connection.reason, 'excess')
    source.behave('create', 'succeed')
    await clock.pass(100)
    ;(await acquired).release()
    await assertWhole(made)
  })

  test('called by create itself, before it throws or answers, is one failed dial', async () => {
    for (const throws of [true, false]) {
      const made = fixture({ max: 1, backoff: { jitter: 0 } })
      const { pool, source, clock } = made
      source.behave('create', ({ connection }) => {
        connection.die(new Error('at once'))
        if (throws) throw new Error('at once')
      })
      const acquired = pool.acquire()
      await settled()
      assert.equal(pool.stats().connectFailures.backend, 1)
      source.behave('create', 'succeed')
      await clock.pass(100)
      ;(await acquired).release()
      await assertWhole(made)
    }
  })

  test('of an idle connection removes it', async () => {
    const made = await parked(2, { max: 2 })
    const { pool, source } = made
    source.connections[0]?.die()
    source.connections[0]?.die()
    assert.equal(pool.stats().open, 1)
    assert.equal(pool.stats().closed.died, 1)
    await assertWhole(made)
  })

  test('of a lent connection is told to its holder, and its place is dialled anew for a waiter', async () => {
    const made = await parked(1, { max: 1 })
    const { pool } = made
    const lease = await pool.acquire()
    const waiting = pool.acquire()
    const { signal } = lease
    lease.connection.die(new Error('reset'))
    assert.equal(signal.aborted, true)
    const next = await waiting
    assert.notEqual(next.connection, lease.connection)
    lease.release()
    next.release()
    await assertWhole(made)
  })

  test('in the freshness turn: another connection is dialled', async () => {
    const made = await parked(1, { max: 1 })
    const acquired = made.pool.acquire()
    made.source.connections[0]?.die()
    const lease = await acquired
    assert.equal(lease.info.id, 2)
    lease.release()
    await assertWhole(made)
  })

  for (const verb of ['probe', 'reset'] as const) {
    test(`during a ${verb} ends the ${verb}, whose answer then says nothing`, async () => {
      for (const answer of ['succeed', 'fail'] as const) {
        const made = await parked(1, { max: 1, probes: true, resets: true, probeAfterIdleMs: 0 })
        const { pool, source } = made
        source.behave(verb, 'hold')
        const acquired = pool.acquire()
        if (verb === 'reset') (await acquired).release()
        await settled()
        const [call] = source.held(verb)
        assert.ok(call)
        call.connection.die(new Error('reset'))
        assert.equal(call.signal?.aborted, true)
        assert.equal(call.connection.reason, 'died')
        call[answer](new Error('late'))
        await settled()
        source.behave(verb, 'succeed')
        const lease = await (verb === 'probe' ? acquired : pool.acquire())
        assert.equal(lease.info.id, 2)
        lease.release()
        await settled()
        await assertWhole(made)
      }
    })
  }

  test('while it is destroyed, and when it is gone, says nothing', async () => {
    const made = await parked(1, { max: 1 })
    const { pool, source } = made
    const [connection] = source.connections
    source.behave('destroy', 'hold')
    pool.tryAcquire()?.destroy()
    const before = pool.stats()
    connection?.die()
    assert.deepEqual(pool.stats(), before)
    source.held('destroy')[0]?.succeed()
    await settled()
    connection?.die()
    assert.equal(source.calls('destroy').length, 1)
    assert.equal(pool.stats().closed.died, 0)
    await assertWhole(made)
  })
})

const failing: Record<string, FakeBehaviour> = {
  throws: () => {
    throw new Error('on purpose')
  },
  'throws nothing at all': () => {
    throw undefined
  },
  rejects: () => Promise.reject(new Error('on purpose')),
  'rejects with what cannot be shown': () => Promise.reject(Object.create(null)),
  'never settles': never,
}

describe('probe', () => {
  const probing = { max: 2, probes: true, probeAfterIdleMs: 0, probeTimeoutMs: 100 } as const
  for (const [how, behaviour] of Object.entries({ ...failing, 'answers false': () => false })) {
    test(`that ${how} closes the connection, and whoever waits gets another`, async () => {
      const made = await parked(1, probing)
      const { pool, source, clock } = made
      source.behave('probe', behaviour)
      const acquired = pool.acquire()
      await settled()
      await clock.pass(100)
      const lease = await acquired
      assert.equal(lease.info.id, 2)
      assert.equal(source.connections[0]?.reason, 'probe')
      assert.equal(pool.stats().probeFailures, 1)
      lease.release()
      await assertWhole(made)
    })
  }

  for (const answer of [undefined, null, 0, '', 'no', Number.NaN, {}, []]) {
    test(`that answers ${inspect(answer)} says that the connection lives`, async () => {
      const made = await parked(1, probing)
      made.source.behave('probe', () => answer)
      const lease = await made.pool.acquire()
      assert.equal(lease.info.id, 1)
      lease.release()
      await assertWhole(made)
    })
  }

  test('that answers after its time says nothing any more', async () => {
    const made = await parked(1, probing)
    const { pool, source, clock } = made
    source.behave('probe', 'hold')
    const acquired = pool.acquire()
    await clock.pass(100)
    const [call] = source.held('probe')
    assert.equal(call?.signal?.aborted, true)
    const lease = await acquired
    call?.succeed(true)
    await settled()
    assert.equal(pool.stats().idle, 0)
    lease.release()
    await assertWhole(made)
  })

  test('failures in a row end the asking: probeRetries of them close the idle connections that are due', async () => {
    const made = await parked(5, { ...probing, max: 5, probeRetries: 2 })
    const { pool, source } = made
    source.behave('probe', () => false)
    const lease = await pool.acquire()
    assert.equal(source.calls('probe').length, 2)
    assert.equal(pool.stats().closed.probe, 5)
    lease.release()
    await assertWhole(made)
  })
})

describe('reset', () => {
  const resetting = { max: 1, resets: true, resetTimeoutMs: 100 } as const
  for (const [how, behaviour] of Object.entries(failing)) {
    test(`that ${how} closes the connection, and whoever waits gets another`, async () => {
      const made = fixture(resetting)
      const { pool, source, clock } = made
      const first = await pool.acquire()
      const acquired = pool.acquire()
      source.behave('reset', behaviour)
      first.release()
      await settled()
      await clock.pass(100)
      const lease = await acquired
      assert.equal(lease.info.id, 2)
      assert.equal(source.connections[0]?.reason, 'reset')
      assert.equal(pool.stats().resetFailures, 1)
      source.behave('reset', 'succeed')
      lease.release()
      await settled()
      await assertWhole(made)
    })
  }

  for (const answer of [undefined, false, null, 0, {}]) {
    test(`that answers ${inspect(answer)} made the connection clean`, async () => {
      const made = fixture(resetting)
      made.source.behave('reset', () => answer)
      ;(await made.pool.acquire()).release()
      await settled()
      assert.equal(made.pool.stats().idle, 1)
      await assertWhole(made)
    })
  }
})

describe('destroy', () => {
  for (const odd of oddities) {
    const name = typeof odd === 'object' && odd !== null ? 'an object' : String(odd)
    for (const how of ['throws', 'rejects'] as const) {
      test(`that ${how} with ${name} frees the place all the same, and is reported once`, async () => {
        const made = fixture({ max: 1 })
        const { pool, source } = made
        source.behave('destroy', () => {
          if (how === 'throws') throw odd
          return Promise.reject(odd)
        })
        const heard = await warnings(async () => {
          for (let count = 0; count < 2; count++) {
            ;(await pool.acquire()).destroy()
            await settled()
          }
        })
        assert.equal(heard.length, 1)
        assert.match(heard[0]?.message ?? '', /^test: destroy\(\) threw: /)
        assert.equal(pool.stats().closed.destroyed, 2)
        await assertWhole(made)
      })
    }
  }

  test('that never settles holds the place for destroyTimeoutMs', async () => {
    const made = fixture({ max: 1, destroyTimeoutMs: 100 })
    const { pool, source, clock } = made
    const lease = await pool.acquire()
    source.behave('destroy', never)
    lease.destroy()
    const acquired = pool.acquire()
    await clock.pass(99)
    assert.deepEqual([pool.stats().closing, pool.stats().connecting], [1, 0])
    source.behave('destroy', 'succeed')
    await clock.pass(1)
    ;(await acquired).release()
    await assertWhole(made)
  })

  test('that settles after its place was given up says nothing', async () => {
    const made = fixture({ max: 1, destroyTimeoutMs: 100 })
    const { pool, source, clock } = made
    source.behave('destroy', 'hold')
    ;(await pool.acquire()).destroy()
    await clock.pass(100)
    const before = pool.stats()
    source.held('destroy')[0]?.succeed()
    await settled()
    assert.deepEqual(pool.stats(), before)
    await assertWhole(made)
  })

  test('is told the reason and the error', async () => {
    const { pool, source } = await parked(3, { max: 3 })
    const error = new Error('broken')
    pool.tryAcquire()?.destroy(error)
    source.connections[1]?.die(error)
    pool.invalidate(error)
    await pool.close()
    assert.deepEqual(
      source.connections.map((connection) => [connection.reason, connection.error]),
      [
        ['invalidated', error],
        ['died', error],
        ['destroyed', error],
      ],
    )
  })

  test('at the place of a holder that others wait for is followed by a dial at once', async () => {
    const made = fixture({ max: 1 })
    const { pool, source } = made
    const lease = await pool.acquire()
    const waiting = [pool.acquire(), pool.acquire()]
    await settled()
    lease.destroy()
    assert.equal(source.calls('create').length, 2)
    const next = await waiting[0]
    assert.equal(next?.info.id, 2)
    next?.release()
    ;(await waiting[1])?.release()
    await assertWhole(made)
  })
})

describe('classify', () => {
  test('is not asked about an error that there is not, and may leave an error to the pool', async () => {
    const asked: unknown[] = []
    const made = fixture({
      max: 1,
      backoff: { jitter: 0 },
      classify: (error) => {
        asked.push(error)
        return undefined
      },
    })
    const { pool, source, clock } = made
    const heard = await warnings(async () => {
      source.behave('create', () => Promise.reject())
      const acquired = pool.acquire()
      await settled()
      assert.deepEqual(asked, [])
      source.behave('create', () => Promise.reject(new Error('refused')))
      await clock.pass(100)
      assert.equal(asked.length, 1)
      source.behave('create', 'succeed')
      await clock.pass(200)
      ;(await acquired).release()
    })
    assert.deepEqual(heard, [])
    assert.equal(pool.stats().connectFailures.backend, 2)
    await assertWhole(made)
  })

  test('that answers nonsense or throws leaves the class to the pool, and is reported once', async () => {
    for (const classify of [
      () => 'banana',
      () => '__proto__',
      () => 7,
      () => null,
      () => {
        throw new Error('on purpose')
      },
    ]) {
      const made = fixture({
        max: 1,
        classify: classify as unknown as () => undefined,
        backoff: { jitter: 0 },
      })
      const { pool, source, clock } = made
      source.behave('create', () => Promise.reject(new Error('down')))
      const acquired = pool.acquire()
      const heard = await warnings(async () => {
        await settled()
        await clock.pass(100)
      })
      assert.equal(heard.length, 1)
      assert.match(heard[0]?.message ?? '', /^test: classify\(\) (threw|answered)/)
      assert.deepEqual(pool.stats().connectFailures, {
        config: 0,
        local: 0,
        overload: 0,
        backend: 2,
      })
      source.behave('create', 'succeed')
      await clock.pass(200)
      ;(await acquired).release()
      await assertWhole(made)
    }
  })

  test('is asked about the end of a connection before its first release, and not later', async () => {
    const asked: unknown[] = []
    const { pool, source } = fixture({
      classify: (error) => {
        asked.push(error)
        return undefined
      },
    })
    const [young, proven] = [await pool.acquire(), await pool.acquire()]
    proven.release()
    source.connections[0]?.die('young')
    source.connections[1]?.die('proven')
    assert.deepEqual(asked, ['young'])
    young.release()
    await pool.close()
  })

  test('is asked about errors, and not where there is none', async () => {
    const asked: unknown[] = []
    const { pool, source } = await parked(2, {
      probes: true,
      probeAfterIdleMs: 0,
      classify: (error, context) => {
        asked.push([error, context])
        return undefined
      },
    })
    source.connections[0]?.die()
    source.behave('probe', () => false)
    source.behave('create', 'succeed')
    ;(await pool.acquire()).release()
    assert.deepEqual(asked, [])
    const error = new Error('down')
    source.behave('create', () => Promise.reject(error))
    pool.invalidate()
    void pool.acquire().catch(() => {})
    await settled()
    assert.deepEqual(asked, [[error, { phase: 'create' }]])
    await pool.close()
  })
})

describe('ref and unref', () => {
  test('are called in turn, and only for a connection that is idle at the end of a turn', async () => {
    const calls: string[] = []
    const { pool, clock } = await parked(1, {
      probes: true,
      probeAfterIdleMs: 50,
      probeEveryMs: 100,
      ref: () => calls.push('ref'),
      unref: () => calls.push('unref'),
    })
    assert.deepEqual(calls.splice(0), ['unref'])
    pool.tryAcquire()?.release()
    assert.deepEqual(calls.splice(0), ['ref'])
    await settled()
    assert.deepEqual(calls.splice(0), ['unref'])
    await clock.pass(350)
    assert.equal(pool.stats().probes, 3, 'probed in the background')
    const controller = new AbortController()
    const left = pool.acquire({ signal: controller.signal }).catch(() => {})
    controller.abort()
    await left
    await settled()
    assert.deepEqual(calls.splice(0), [], 'a probe changes nothing')
    ;(await pool.acquire()).release()
    await settled()
    assert.deepEqual(calls.splice(0), ['ref', 'unref'])
    await pool.close()
  })

  test('that throw are reported once, and lose nothing', async () => {
    const throws = () => {
      throw new Error('on purpose')
    }
    const made = fixture({ max: 2, ref: throws, unref: throws })
    const heard = await warnings(async () => {
      for (let count = 0; count < 3; count++) {
        ;(await made.pool.acquire()).release()
        await settled()
      }
    })
    assert.deepEqual(
      heard.map(({ message }) => message.split(' threw')[0]),
      ['test: unref()', 'test: ref()'],
    )
    await assertWhole(made)
  })
})

describe('isFatal', () => {
  test('is asked about every error of a connection, with where it came from', async () => {
    const asked: unknown[] = []
    const { pool, source } = await parked(5, {
      max: 5,
      probes: true,
      resets: true,
      probeAfterIdleMs: 0,
      isFatal: (error, from) => {
        asked.push([String(error), from])
        return false
      },
    })
    source.connections[0]?.die('died')
    source.connections[1]?.die()
    ;(await pool.acquire()).destroy('destroyed')
    ;(await pool.acquire()).destroy()
    await assert.rejects(pool.use(() => Promise.reject(new Error('used'))))
    source.behave('probe', () => Promise.reject('probed'))
    const lease = await pool.acquire()
    source.behave('reset', () => Promise.reject('reset'))
    lease.release()
    await settled()
    assert.deepEqual(asked, [
      ['died', 'died'],
      ['destroyed', 'destroy'],
      ['Error: used', 'use'],
      ['reset', 'reset'],
    ])
    source.behave('reset', 'succeed')
    ;(await pool.acquire()).release()
    await settled()
    ;(await pool.acquire()).release()
    assert.deepEqual(asked.at(-1), ['probed', 'probe'])
    await pool.close()
  })

  test('is not asked about what was told to stop, is being closed, or is gone', async () => {
    const asked: unknown[] = []
    const made = await parked(1, {
      max: 2,
      isFatal: (error) => {
        asked.push(error)
        return false
      },
    })
    const { pool, source } = made
    source.behave('destroy', 'hold')
    pool.tryAcquire()?.destroy()
    source.connections[0]?.die('is being closed')
    source.held('destroy')[0]?.succeed()
    await settled()
    source.connections[0]?.die('is gone')
    source.behave('create', 'hold')
    const acquired = pool.acquire()
    pool.invalidate()
    source.connections[1]?.die('was told to stop')
    assert.deepEqual(asked, [])
    for (const call of source.held('create')) call.succeed()
    ;(await acquired).release()
    await assertWhole(made)
  })

  test('that says yes makes every connection stale, with that error', async () => {
    const { pool, source } = await parked(3, { max: 3, isFatal: (error) => error === 'failover' })
    const [first, second] = [await pool.acquire(), await pool.acquire()]
    first.destroy('failover')
    assert.equal(pool.stats().generation, 1)
    assert.equal(second.signal.reason.cause, 'failover')
    second.release()
    await pool.close()
    assert.deepEqual(
      source.connections.map(({ reason, error }) => [reason, error]),
      [
        ['invalidated', 'failover'],
        ['invalidated', 'failover'],
        ['destroyed', 'failover'],
      ],
    )
  })

  test('that answers anything but true says no, a promise above all', async () => {
    for (const answer of [Promise.resolve(true), 'yes', 1, {}, undefined]) {
      const isFatal = (() => answer) as unknown as () => boolean // On purpose.
      const { pool } = await parked(1, { isFatal })
      pool.tryAcquire()?.destroy('broken')
      assert.equal(pool.stats().generation, 0)
      await pool.close()
    }
  })

  test('that throws says no, and is reported once', async () => {
    const made = await parked(2, {
      max: 2,
      isFatal: () => {
        throw new Error('on purpose')
      },
    })
    const heard = await warnings(async () => {
      made.pool.tryAcquire()?.destroy('one')
      made.pool.tryAcquire()?.destroy('two')
    })
    assert.equal(heard.length, 1)
    assert.equal(made.pool.stats().generation, 0)
    await assertWhole(made)
  })
})
