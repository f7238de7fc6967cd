import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PoolEvent, PoolEventName } from '../../src/pool/events.ts'
import { EVENT_NAMES } from './support/event-names.ts'
import { assertSums, fixture, parked, settled } from './support/fixture.ts'
import { warnings } from './support/warnings.ts'

const NAMES: readonly PoolEventName[] = [...EVENT_NAMES, 'leak', 'unleak']

/** Notes every event of a pool, without what all events have. */
function record(pool: ReturnType<typeof fixture>['pool']): [string, object][] {
  const heard: [string, object][] = []
  for (const name of NAMES) {
    pool.on(name, (event) => {
      const { pool: of, at, ...rest } = event
      assert.ok(Object.isFrozen(event))
      assert.equal(of, 'test')
      assert.equal(typeof at, 'number')
      heard.push([name, rest])
    })
  }
  return heard
}

describe('the events tell', () => {
  test('of a connection’s life, and how long each part of it took', async () => {
    const { pool, source, clock } = fixture({ max: 1 })
    const heard = record(pool)
    source.behave('create', 'hold')
    const acquired = pool.acquire()
    await clock.pass(30)
    source.held('create')[0]?.succeed()
    const lease = await acquired
    await clock.pass(20)
    lease.release()
    await clock.pass(10)
    await pool.close()
    assert.deepEqual(heard, [
      ['open', { connectionId: 1, tookMs: 30 }],
      ['acquire', { connectionId: 1, tookMs: 30 }],
      ['release', { connectionId: 1, tookMs: 20 }],
      ['close', { connectionId: 1, reason: 'shutdown', tookMs: 30 }],
      ['drain', {}],
    ])
  })

  test('how a lease ended: why its connection goes, and with which error', async () => {
    const { pool } = await parked(3, { max: 3 })
    const heard = record(pool)
    const error = new Error('half a reply')
    const [first, second, third] = [pool.tryAcquire(), pool.tryAcquire(), pool.tryAcquire()]
    first?.destroy(error)
    second?.detach()
    third?.destroy()
    const told = heard.filter(([name]) => name === 'release' || name === 'close')
    assert.deepEqual(told, [
      ['close', { connectionId: 3, reason: 'destroyed', tookMs: 0, error }],
      ['release', { connectionId: 3, reason: 'destroyed', tookMs: 0, error }],
      ['close', { connectionId: 2, reason: 'detached', tookMs: 0 }],
      ['release', { connectionId: 2, reason: 'detached', tookMs: 0 }],
      ['close', { connectionId: 1, reason: 'destroyed', tookMs: 0 }],
      ['release', { connectionId: 1, reason: 'destroyed', tookMs: 0 }],
    ])
    await pool.close()
  })

  test('no time for a lease whose connection died: it is not known any more', async () => {
    const { pool, clock } = await parked(1)
    const heard = record(pool)
    const lease = await pool.acquire()
    await clock.pass(20)
    const error = new Error('reset by peer')
    const { signal } = lease
    lease.connection.die(error)
    lease.release()
    const died = { connectionId: 1, reason: 'died', tookMs: 20, error }
    assert.deepEqual(heard.slice(-2), [
      ['close', died],
      ['release', { connectionId: 1 }],
    ])
    assert.equal(signal.reason.message, 'test: connection 1 was closed (died)')
    assert.equal(signal.reason.cause, error)
    await pool.close()
  })

  test('of a connection that died nothing of what its holder says later', async () => {
    const { pool, source } = await parked(1)
    const heard = record(pool)
    const lease = await pool.acquire()
    source.behave('destroy', 'hold')
    lease.connection.die()
    lease.destroy(new Error('reset by peer'))
    source.held('destroy')[0]?.succeed()
    await settled()
    assert.deepEqual(heard.at(-1), ['close', { connectionId: 1, reason: 'died', tookMs: 0 }])
    await pool.close()
  })

  test('of a shared connection how long each lease of it was held', async () => {
    const { pool, clock } = fixture({ max: 1, maxLeases: 2 })
    const heard = record(pool)
    const first = await pool.acquire()
    await clock.pass(100)
    const second = await pool.acquire()
    await clock.pass(5)
    second.release()
    first.release()
    const told = heard.filter(([name]) => name === 'release')
    assert.deepEqual(told, [
      ['release', { connectionId: 1, tookMs: 5 }],
      ['release', { connectionId: 1, tookMs: 105 }],
    ])
    await pool.close()
  })

  test('of what failed, with the error, and of when the pool serves again', async () => {
    const { pool, source, clock } = fixture({
      probes: true,
      resets: true,
      probeAfterIdleMs: 0,
      backoff: { failFastAfter: 1, jitter: 0 },
    })
    const heard = record(pool)
    const down = new Error('down')
    source.behave('create', () => {
      throw down
    })
    const refused = await pool.acquire().catch((error: unknown) => error)
    assert.deepEqual(heard.splice(0), [
      ['connectFailed', { error: down }],
      ['unavailable', { error: down }],
      ['refuse', { error: refused }],
    ])
    await clock.pass(100)
    source.behave('create', 'succeed')
    const lease = await pool.acquire()
    assert.deepEqual(heard.splice(0), [
      ['open', { connectionId: 1, tookMs: 0 }],
      ['acquire', { connectionId: 1, tookMs: 0 }],
      ['available', {}],
    ])
    const dirty = new Error('dirty')
    source.behave('reset', () => Promise.reject(dirty))
    lease.release()
    await settled()
    assert.deepEqual(heard.splice(0, 2), [
      ['release', { connectionId: 1, tookMs: 0 }],
      ['resetFailed', { connectionId: 1, error: dirty }],
    ])
    source.behave('reset', 'succeed')
    ;(await pool.acquire()).release()
    await settled()
    heard.splice(0)
    const silent = new Error('no answer')
    source.behave('probe', () => Promise.reject(silent))
    ;(await pool.acquire()).release()
    assert.deepEqual(heard[0], ['probeFailed', { connectionId: 2, error: silent }])
    await pool.close()
  })

  test('an acquire that is aborted nothing: its caller knows', async () => {
    const { pool, source } = fixture()
    const heard = record(pool)
    source.behave('create', 'hold')
    const controller = new AbortController()
    const acquired = pool.acquire({ signal: controller.signal })
    controller.abort()
    await assert.rejects(acquired)
    assert.deepEqual(heard, [])
    const closed = pool.close()
    source.held('create')[0]?.fail(new Error('stopped'))
    await closed
  })
})

describe('a listener', () => {
  test('that is not there costs no event: none is built', async () => {
    const { pool, clock } = await parked(1)
    const { now } = clock
    let asked = 0
    clock.now = () => {
      asked++
      return now.call(clock)
    }
    await settled()
    asked = 0
    pool.tryAcquire()?.release()
    const silent = asked
    pool.on('acquire', () => {})
    pool.tryAcquire()?.release()
    assert.equal(silent, 0)
    assert.notEqual(asked, 0)
    await pool.close()
  })

  test('added by on hears all, by once the next, and after off nothing', async () => {
    const { pool } = await parked(1)
    const heard: string[] = []
    const on = () => heard.push('on')
    const once = () => heard.push('once')
    assert.equal(pool.on('release', on).once('release', once), pool)
    for (let count = 0; count < 2; count++) pool.tryAcquire()?.release()
    assert.deepEqual(heard.splice(0), ['on', 'once', 'on'])
    pool.off('release', on)
    assert.equal(
      pool.off('release', () => {}),
      pool,
    )
    pool.once('release', once).off('release', once)
    pool.tryAcquire()?.release()
    assert.deepEqual(heard, [])
    await pool.close()
  })

  test('that is added by once and by on stays on when once is over', async () => {
    const { pool } = await parked(1)
    let heard = 0
    const listener = () => heard++
    pool.once('release', listener)
    pool.on('release', listener)
    for (let count = 0; count < 3; count++) pool.tryAcquire()?.release()
    assert.equal(heard, 4)
    pool.off('release', listener)
    pool.tryAcquire()?.release()
    assert.equal(heard, 4)
    await pool.close()
  })

  test('added by once hears one event, though another happens while it is told', async () => {
    const { pool } = await parked(2, { max: 2 })
    let nested = false
    pool.on('release', () => {
      if (nested) return
      nested = true
      pool.tryAcquire()?.release()
    })
    let heard = 0
    pool.once('release', () => heard++)
    pool.tryAcquire()?.release()
    assert.equal(heard, 1)
    await pool.close()
  })

  test('that is taken off while an event is told hears it no more, and one added hears the next', async () => {
    const { pool } = await parked(1)
    const heard: string[] = []
    const second = () => heard.push('second')
    const third = () => heard.push('third')
    pool.on('release', () => {
      pool.off('release', second)
      if (heard.length === 0) pool.on('release', third)
      heard.push('first')
    })
    pool.on('release', second)
    pool.tryAcquire()?.release()
    assert.deepEqual(heard.splice(0), ['first'])
    pool.tryAcquire()?.release()
    assert.deepEqual(heard.slice(-2), ['first', 'third'])
    await pool.close()
  })

  test('that throws is reported once, whatever it throws, and harms nobody', async () => {
    const { pool } = await parked(1)
    const heard: PoolEvent[] = []
    const thrown = [new Error('on purpose'), Symbol('odd'), Object.create(null), undefined]
    for (const error of thrown) {
      pool.once('release', () => {
        throw error
      })
    }
    pool.on('release', (event) => heard.push(event))
    const warned = await warnings(async () => pool.tryAcquire()?.release())
    assert.equal(warned.length, 1)
    assert.match(warned[0]?.message ?? '', /^test: a listener for 'release' threw: on purpose/)
    assert.equal(heard.length, 1)
    assert.equal(pool.stats().idle, 1)
    await pool.close()
  })

  test('that throws what cannot be shown is reported all the same', async () => {
    const { pool } = await parked(1)
    pool.on('release', () => {
      throw Object.create(null)
    })
    const warned = await warnings(async () => pool.tryAcquire()?.release())
    assert.match(warned[0]?.message ?? '', /^test: a listener for 'release' threw/)
    await pool.close()
  })

  test('that rejects is reported as one that throws', async () => {
    const { pool } = await parked(1)
    pool.on('release', async () => {
      throw new Error('later')
    })
    const warned = await warnings(async () => pool.tryAcquire()?.release())
    assert.match(warned[0]?.message ?? '', /^test: a listener for 'release' threw: later/)
    await pool.close()
  })

  test('of an unknown event, or that is no function, is refused', async () => {
    const { pool } = fixture()
    const odd = pool as unknown as { on(name: unknown, listener: unknown): void } // On purpose.
    for (const name of ['error', 'Open', '', 7, undefined, 1n, Symbol('open')]) {
      assert.throws(() => odd.on(name, () => {}), { code: 'ERR_INVALID_OPTION' })
    }
    for (const listener of [undefined, null, 'f', {}]) {
      assert.throws(() => odd.on('open', listener), { code: 'ERR_INVALID_OPTION' })
    }
    await pool.close()
  })
})

test('every event that is listened to from within an event finds the pool’s figures in order', async () => {
  const { pool } = fixture({ max: 2, min: 1 })
  for (const name of NAMES) pool.on(name, () => assertSums(pool.stats()))
  const warned = await warnings(async () => {
    await pool.ready()
    const lease = await pool.acquire()
    const other = await pool.acquire()
    lease.connection.die()
    lease.release()
    other.destroy()
    pool.invalidate()
    await settled()
    await pool.close()
  })
  assert.deepEqual(warned, [])
})
