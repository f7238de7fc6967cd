import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { answerAtOnce } from './support/haste.ts'
import { connection, news, stocked } from './support/stocked.ts'
import { type Ticket, World } from './support/world.ts'

describe('dials', () => {
  test('a waiter is owed one, and is not tied to it', () => {
    const world = new World({ max: 2 })
    const first = world.acquire()
    world.opened()
    const second = world.acquire()
    assert.equal(world.dialling.length, 1)
    world.release(first)
    assert.equal(second.connection?.serial, 1, 'a returned connection comes first')
    world.opened()
    assert.equal(world.idle.length, 1, 'and the dial that is not needed any more is kept')
  })

  test('no more at a time than maxConnecting, and no more connections than max', () => {
    const world = new World({ max: 3, maxConnecting: 2 })
    for (let count = 0; count < 9; count++) world.acquire()
    assert.equal(world.dialling.length, 2)
    world.opened()
    assert.equal(world.dialling.length, 2)
    world.opened()
    assert.equal(world.dialling.length, 1)
    world.opened()
    assert.equal(world.dialling.length, 0)
    assert.equal(world.taken, 3)
  })

  test('increment dials spare ones when waiters cause it, within max', () => {
    const world = new World({ max: 4, increment: 3 })
    world.acquire()
    assert.equal(world.dialling.length, 3)
    world.acquire()
    world.acquire()
    assert.equal(world.dialling.length, 3, 'which are for the next ones')
    world.acquire()
    assert.equal(world.dialling.length, 4)
  })

  test('increment dials nothing spare for min, for minIdle, or while a class stands', () => {
    const world = new World({ min: 1, minIdle: 1, increment: 3 })
    world.start()
    assert.equal(world.dialling.length, 1)
    const sick = new World({ increment: 3, maxConnecting: 3 })
    sick.acquire()
    for (let count = 0; count < 3; count++) sick.failed('local')
    sick.advance(100)
    assert.equal(sick.dialling.length, 1)
  })

  test('increment dials nothing spare for a greater min, though those who wait have their dials', () => {
    for (const waiting of [1, 3]) {
      const world = new World({ increment: 3, maxConnecting: 10 })
      for (let count = 0; count < waiting; count++) world.acquire()
      assert.equal(world.dialling.length, 3)
      world.resize(5, 10)
      assert.equal(world.dialling.length, 5)
    }
  })

  test('a waiter that left leaves its dial to the pool', () => {
    const world = new World()
    const waiter = world.acquire()
    world.cancel(waiter)
    world.opened()
    assert.equal(world.idle.length, 1)
    assert.equal(waiter.state, 'cancelled')
  })

  test('several leases on a connection need fewer of them', () => {
    const world = new World({ maxLeases: 3, max: 10, maxConnecting: 10 })
    for (let count = 0; count < 7; count++) world.acquire()
    assert.equal(world.dialling.length, 3)
    for (let count = 0; count < 3; count++) world.opened()
    assert.equal(world.waiting.length, 0)
  })

  test('the last use of a connection makes its replacement due at once', () => {
    const world = stocked(1, { min: 1, maxUses: 2 })
    world.acquire({ yielded: true })
    world.turn()
    assert.deepEqual([world.held.length, world.dialling.length], [1, 1])
  })
})

test('in a world that answers and destroys in the middle of it, dials follow each other, not nest', () => {
  const world = new World({ max: 1 })
  const waiters = Array.from({ length: 5_000 }, () => world.acquire())
  world.judging = false
  answerAtOnce(world, true)
  const { react } = world
  world.react = (effect, subject) => {
    react(effect, subject)
    // What is granted is granted to a ticket.
    if (effect === 'grant') world.destroyLease(subject as Ticket)
  }
  world.opened()
  assert.ok(waiters.every(({ ended }) => ended))
})

describe('min, minIdle and maxIdle', () => {
  test('min is opened at the start, and ready() tells when it stands', () => {
    const world = new World({ min: 2 })
    world.start()
    const ready = world.ready()
    world.opened()
    assert.equal(ready.state, 'waiting')
    world.opened()
    assert.equal(ready.state, 'ready')
    assert.equal(world.ready().state, 'ready')
  })

  test('what is to be closed on return does not make min stand', () => {
    const world = new World({ min: 1, max: 2 })
    world.start()
    world.opened()
    world.acquire()
    world.invalidate()
    const ready = world.ready()
    assert.equal(ready.state, 'waiting')
    world.opened()
    assert.equal(ready.state, 'ready')
  })

  test('minIdle is kept ahead of demand', () => {
    const world = new World({ minIdle: 2, max: 5 })
    world.start()
    world.opened()
    world.opened()
    world.acquire()
    assert.deepEqual([world.held.length, world.dialling.length], [1, 1])
    world.opened()
    assert.equal(world.idle.length, 2)
  })

  test('more idle ones than maxIdle are closed as they come', () => {
    const world = new World({ maxIdle: 1, max: 3 })
    const leases = [world.acquire(), world.acquire(), world.acquire()]
    for (let count = 0; count < 3; count++) world.opened()
    for (const lease of leases) world.release(lease)
    assert.equal(world.idle.length, 1)
    assert.equal(world.machine.moves.roster.closing.size, 2)
    assert.deepEqual(
      world.destroying.map((c) => c.destroyed),
      ['excess', 'excess'],
    )
  })

  test('an unset maxIdle follows a resize, and a set one is capped by it', () => {
    const unset = new World({ max: 3 })
    unset.resize(0, 9)
    assert.equal(unset.machine.policy.maxIdle, 9)
    const set = new World({ max: 5, maxIdle: 4 })
    set.resize(0, 9)
    assert.equal(set.machine.policy.maxIdle, 4)
    set.resize(0, 2)
    assert.equal(set.machine.policy.maxIdle, 2)
  })
})

describe('resize', () => {
  test('surplus dials are aborted first, then idle ones close, lent ones on return', () => {
    const world = stocked(3, { max: 4, maxConnecting: 4 })
    const held = [world.acquire({ yielded: true }), world.acquire({ yielded: true })]
    world.resize(4, 4)
    assert.equal(world.dialling.length, 1)
    news(world)
    world.resize(0, 3)
    assert.deepEqual(news(world), ['abort 4'])
    world.resize(0, 1)
    assert.equal(news(world).filter((line) => line.endsWith('resized')).length, 1)
    const [first, second] = held
    assert.ok(first && second)
    world.release(first)
    assert.equal(news(world).filter((line) => line.endsWith('resized')).length, 1)
    world.release(second)
    assert.equal(world.idle.length, 1)
  })

  test('a surplus connection is closed on return, though somebody waits', () => {
    const world = stocked(2, { max: 2 })
    const [first, second] = [world.acquire({ yielded: true }), world.acquire({ yielded: true })]
    const waiter = world.acquire()
    world.resize(0, 1)
    world.release(first)
    assert.equal(first.connection?.destroyed, 'resized')
    assert.equal(waiter.state, 'waiting')
    world.release(second)
    assert.equal(waiter.connection, second.connection)
  })

  test('a greater min dials, a greater max lets those who wait have more', () => {
    const world = stocked(1, { max: 1, maxConnecting: 4 })
    world.acquire({ yielded: true })
    world.acquire()
    assert.equal(world.dialling.length, 0)
    world.resize(0, 2)
    assert.equal(world.dialling.length, 1)
    world.resize(3, 3)
    assert.equal(world.dialling.length, 2)
  })
})

describe('offers', () => {
  test('an offered connection goes to the first waiter, or idles', () => {
    const world = new World({ dials: false })
    const waiter = world.acquire()
    assert.equal(world.dialling.length, 0)
    assert.equal(world.offer(), true)
    assert.equal(waiter.connection?.serial, 1)
    world.offer()
    assert.equal(world.idle.length, 1)
  })

  test('there is no place for one beyond max, nor after close', () => {
    const world = new World({ dials: false, max: 1 })
    world.offer()
    assert.equal(world.offer(), false)
    const dead = connection(world, 2)
    world.quiet('the death of a refused one', () => {
      world.machine.died(dead.slot, 'backend', undefined, 0)
    })
    world.close()
    assert.equal(world.offer(), false)
  })

  test('an offer beside a running dial leaves the dial as it is', () => {
    const world = new World({ minIdle: 1 })
    world.start()
    world.offer()
    assert.equal(world.machine.moves.roster.opening.size, 1)
    world.opened()
    assert.equal(world.idle.length, 2)
  })
})
