import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { seeded } from '../support/seeded.ts'
import { connection, news, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

describe('idleness', () => {
  test('an idle spell that is over retires the connection, and not before', () => {
    const world = stocked(2, { idleTimeoutMs: 100 })
    world.advance(99)
    assert.deepEqual(news(world), [])
    world.advance(1)
    assert.deepEqual(news(world).sort(), ['destroy 1 idle', 'destroy 2 idle'])
  })

  test('never below min, nor below minIdle', () => {
    for (const bound of [{ min: 2 }, { minIdle: 2 }]) {
      const world = stocked(3, { idleTimeoutMs: 100, max: 3, ...bound })
      world.advance(100)
      world.closed()
      world.advance(900)
      assert.equal(world.idle.length, 2)
      assert.equal(world.machine.nextDue(), Infinity, 'and no alarm rings for what must stay')
    }
  })

  test('an aged one of a pool that is fed by offers is kept for who waits for the turn', () => {
    const world = new World({ dials: false, maxLifetimeMs: 100 })
    world.offer()
    world.settle()
    const waiter = world.acquire()
    world.advance(100)
    world.turn()
    assert.equal(waiter.state, 'granted')
  })

  test('an aged one of such a pool goes at once when nobody waits: nothing will replace it', () => {
    const world = new World({ dials: false, minIdle: 1, maxLifetimeMs: 100 })
    world.offer()
    world.settle()
    world.advance(100)
    assert.equal(connection(world, 1).destroyed, 'lifetime')
  })

  test('what must stay goes as soon as it need not', () => {
    const world = stocked(2, { idleTimeoutMs: 100, min: 2 })
    world.advance(500)
    world.resize(1, 10)
    assert.deepEqual(news(world), ['destroy 1 idle'], 'of a turn the one that came first')
  })

  test('nothing retires while someone waits', () => {
    const world = stocked(1, { idleTimeoutMs: 100 })
    world.pause()
    const waiter = world.acquire()
    world.advance(1_000)
    assert.equal(world.idle.length, 1)
    world.resume()
    world.turn()
    assert.equal(waiter.state, 'granted')
  })

  test("the borrower's bound on the spell counts when it is the sooner", () => {
    const world = stocked(1, { idleTimeoutMs: 100 })
    const lease = world.acquire({ yielded: true })
    world.release(lease, { idleForMs: 30 })
    world.settle()
    world.advance(29)
    assert.equal(world.idle.length, 1)
    world.advance(1)
    assert.equal(world.idle.length, 0)
  })

  test('a lease ends the spell, and a return within the turn begins a new one', () => {
    const world = stocked(1, { idleTimeoutMs: 100 })
    world.advance(90)
    const lease = world.acquire({ yielded: true })
    world.release(lease)
    world.settle()
    world.advance(99)
    assert.equal(world.idle.length, 1)
    world.advance(1)
    assert.equal(world.idle.length, 0)
  })
})

describe('lifetime', () => {
  test('an aged one that nobody needs goes at once', () => {
    const world = stocked(1, { maxLifetimeMs: 1_000 })
    world.advance(1_000)
    assert.deepEqual(news(world), ['destroy 1 lifetime'])
  })

  test('with room, the replacement is made before the aged one is broken', () => {
    const world = stocked(1, { maxLifetimeMs: 1_000, min: 1, max: 2 })
    world.advance(1_000)
    assert.deepEqual(news(world), ['open 2'])
    assert.equal(world.idle.length, 1)
    world.opened()
    assert.deepEqual(news(world), ['opened 2', 'destroy 1 lifetime'])
  })

  test('meanwhile the aged one is lent, and closed on return', () => {
    const world = stocked(1, { maxLifetimeMs: 1_000, min: 1, max: 2 })
    world.advance(1_000)
    const lease = world.acquire()
    world.turn()
    assert.equal(lease.connection?.serial, 1)
    world.release(lease)
    assert.equal(connection(world, 1).destroyed, 'lifetime')
  })

  test('at max, one is broken at a time', () => {
    const world = stocked(3, { maxLifetimeMs: 1_000, min: 3, max: 3 })
    world.advance(1_000)
    assert.equal(world.destroying.length, 1)
    news(world)
    world.closed()
    assert.deepEqual(news(world).slice(1), ['open 4'])
    assert.equal(world.idle.length, 2)
    world.opened()
    assert.equal(world.destroying.length, 1)
    assert.equal(world.idle.length, 2)
  })

  test('at max, none is broken in a delay; the alarm sees to it when the delay is over', () => {
    const world = stocked(2, { maxLifetimeMs: 1_000, min: 2, max: 2 })
    world.advance(1_000)
    world.closed()
    news(world)
    world.failed('backend')
    world.offer()
    assert.equal(world.taken, 2)
    assert.deepEqual(news(world).slice(1), ['opened 4'])
    world.advance(99)
    assert.deepEqual(news(world), [])
    world.advance(1)
    assert.equal(world.destroying.length, 1)
  })

  test('at max, none is broken while somebody waits for it', () => {
    const world = stocked(1, { maxLifetimeMs: 1_000, min: 1, max: 1 })
    world.advance(999)
    const waiter = world.acquire()
    world.advance(1)
    assert.equal(world.idle.length, 1)
    world.turn()
    assert.equal(waiter.state, 'granted')
  })

  test('a return that makes up for the aged one lets it go at once', () => {
    const world = new World({ minIdle: 1, max: 3, maxLifetimeMs: 1_000, idleOrder: 'fifo' })
    const first = world.acquire()
    world.opened()
    world.release(first)
    world.opened()
    world.release(world.acquire())
    world.release(world.acquire())
    world.invalidate()
    for (const serial of [1, 2]) world.closed(connection(world, serial))
    world.opened()
    world.advance(500)
    const second = world.acquire()
    world.turn()
    world.opened()
    world.release(second)
    const third = world.acquire()
    world.turn()
    assert.equal(third.connection?.serial, 4)
    world.release(third)
    const young = world.acquire()
    world.turn()
    assert.equal(young.connection?.serial, 3)
    world.release(young)
    const held = world.acquire()
    world.turn()
    assert.equal(held.connection?.serial, 4)
    world.advance(500)
    assert.equal(world.dialling.length, 1)
    assert.equal(connection(world, 3).destroyed, null)
    world.release(held)
    assert.equal(connection(world, 3).destroyed, 'lifetime')
  })

  test('a lent one goes when it is returned', () => {
    const world = stocked(1, { maxLifetimeMs: 1_000 })
    const lease = world.acquire({ yielded: true })
    world.advance(2_000)
    assert.equal(lease.connection?.destroyed, null)
    world.release(lease)
    assert.equal(lease.connection?.destroyed, 'lifetime')
  })

  test('one that comes due while it is probed is replaced as if it were idle', () => {
    const options = { probes: true, probeAfterIdleMs: 0, min: 1, max: 2, maxLifetimeMs: 1_000 }
    const world = new World(options)
    world.start()
    world.opened()
    world.settle()
    world.advance(999)
    const waiter = world.acquire()
    world.cancel(waiter)
    assert.equal(world.asked('probe').length, 1)
    world.advance(1)
    assert.equal(world.dialling.length, 1)
    world.probed(true)
    assert.equal(connection(world, 1).destroyed, null)
    world.opened()
    assert.equal(connection(world, 1).destroyed, 'lifetime')
  })

  test('connections born together do not die together', () => {
    const world = new World(
      { min: 20, max: 20, maxConnecting: 20, maxLifetimeMs: 1_000, lifetimeJitter: 0.5 },
      seeded(1),
    )
    world.start()
    for (let count = 0; count < 20; count++) world.opened()
    const ends = world.connections.map(({ slot }) => slot.retirement.dueAt)
    assert.equal(new Set(ends).size, 20)
    assert.ok(Math.min(...ends) >= 500 && Math.max(...ends) <= 1_000)
    assert.ok(Math.max(...ends) - Math.min(...ends) > 300)
  })
})

test('after its last use a connection is closed, also on the fast path', () => {
  const world = stocked(1, { maxUses: 3 })
  const second = world.acquire({ yielded: true })
  world.release(second)
  const third = world.acquire()
  assert.equal(third.connection?.serial, 1)
  world.release(third)
  assert.equal(third.connection?.destroyed, 'uses')
  assert.equal(world.acquire().state, 'waiting')
})

describe('a change of address', () => {
  const named = (world: World, ...serials: number[]) =>
    serials.map((serial) => connection(world, serial))

  test('what left is replaced before it is broken, and what stayed stays', () => {
    const world = stocked(2, { min: 2, max: 3 })
    world.expire(named(world, 1), 0)
    assert.deepEqual(news(world), ['open 3'])
    world.opened()
    assert.deepEqual(news(world), ['opened 3', 'destroy 1 readdressed'])
    assert.equal(connection(world, 2).destroyed, null)
  })

  test('a lent one goes when it is returned', () => {
    const world = stocked(1, {})
    const lease = world.acquire({ yielded: true })
    world.expire(named(world, 1), 0)
    assert.equal(lease.connection?.destroyed, null)
    world.release(lease)
    assert.equal(lease.connection?.destroyed, 'readdressed')
  })

  test('each leaves at a moment of its own, within the time given', () => {
    const world = new World({ min: 20, max: 20, maxConnecting: 20 }, seeded(1))
    world.start()
    for (let count = 0; count < 20; count++) world.opened()
    world.advance(100)
    world.expire(world.connections, 1_000)
    const ends = world.connections.map(({ slot }) => slot.retirement.dueAt)
    assert.equal(new Set(ends).size, 20)
    assert.ok(Math.min(...ends) >= 100 && Math.max(...ends) <= 1_100)
    assert.ok(Math.max(...ends) - Math.min(...ends) > 600)
  })

  test('one whose lifetime ends sooner goes because of that', () => {
    const world = stocked(1, { maxLifetimeMs: 1_000 }, () => 0.9)
    world.expire(named(world, 1), 2_000)
    world.advance(1_000)
    assert.deepEqual(news(world), ['destroy 1 lifetime'])
  })

  test('told twice, the sooner moment counts', () => {
    const world = stocked(1, {}, () => 0.5)
    world.expire(named(world, 1), 200)
    world.expire(named(world, 1), 2_000)
    world.advance(99)
    assert.deepEqual(news(world), [])
    world.advance(1)
    assert.deepEqual(news(world), ['destroy 1 readdressed'])
  })

  test('a dial that is under way is not meant, and a closing pool changes nothing', () => {
    const world = new World({ min: 1 })
    world.start()
    world.expire(world.connections, 0)
    world.opened()
    assert.equal(connection(world, 1).destroyed, null)
    const lease = world.acquire({ yielded: true })
    world.close(1_000)
    world.expire(world.connections, 0)
    assert.equal(lease.connection?.destroyed, null)
    world.release(lease)
  })
})

test('one that is not to idle at all is closed by the end of the turn, without an alarm', () => {
  const world = new World()
  const lease = world.acquire()
  world.opened()
  world.release(lease, { idleForMs: 0 })
  assert.equal(connection(world, 1).destroyed, null)
  world.settle()
  assert.equal(connection(world, 1).destroyed, 'idle')
})
