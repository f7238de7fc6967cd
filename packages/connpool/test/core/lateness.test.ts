import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connection, news, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

test('a dial that takes too long has failed; its late result is destroyed and not lent', () => {
  const world = new World({ createTimeoutMs: 100 })
  const waiter = world.acquire()
  world.advance(100)
  assert.deepEqual(news(world), ['open 1', 'connectFailed 1 backend', 'abort 1'])
  assert.equal(world.opened(connection(world, 1)), false)
  assert.deepEqual(news(world), ['opened 1', 'destroy 1 excess'])
  assert.equal(waiter.state, 'waiting')
  world.closed()
  const { opened, closed, connectFailures } = world.machine.moves.tally
  assert.deepEqual([opened, closed.excess, connectFailures.backend], [1, 1, 1])
})

test('an aborted dial holds its place until it settles or is given up', () => {
  const world = new World({ createTimeoutMs: 100, destroyTimeoutMs: 1_000, max: 1 })
  world.acquire()
  world.advance(1_099)
  assert.equal(world.taken, 1)
  assert.equal(world.connections.length, 1)
  world.advance(1)
  assert.equal(world.connections.length, 2, 'now there is room for the trial')
})

test('a result that comes after the place was given up is destroyed too', () => {
  const world = new World({ createTimeoutMs: 100, destroyTimeoutMs: 100 })
  const waiter = world.acquire()
  world.cancel(waiter)
  world.advance(250)
  assert.equal(world.taken, 0)
  assert.equal(world.opened(connection(world, 1)), false)
  assert.equal(world.open, 1)
  world.closed()
  assert.equal(world.open, 0)
})

test('a death during the dial fails it, and what comes later changes nothing more', () => {
  const world = new World()
  world.acquire()
  world.dies(connection(world, 1), 'overload')
  assert.equal(world.machine.moves.tally.connectFailures.overload, 1)
  world.failed('config', connection(world, 1))
  assert.equal(world.machine.moves.backoff.standing, 'overload')
  assert.equal(world.machine.moves.tally.connectFailures.config, 0)
})

test('a reset that takes too long has failed, and a failed reset destroys', () => {
  for (const late of [true, false]) {
    const world = stocked(1, { resets: true, resetTimeoutMs: 20, max: 1 })
    const lease = world.acquire({ yielded: true })
    world.release(lease, { unclean: true })
    const waiter = world.acquire()
    assert.equal(waiter.state, 'waiting')
    if (late) world.advance(20)
    else world.cleaned(false)
    assert.equal(lease.connection?.destroyed, 'reset')
    assert.equal(waiter.state, 'waiting')
    world.closed()
    world.opened()
    assert.equal(waiter.connection?.serial, 2)
  }
})

test('a clean reset goes straight to the next waiter', () => {
  const world = stocked(1, { resets: true, max: 1 })
  const lease = world.acquire({ yielded: true })
  world.release(lease, { unclean: true })
  const waiter = world.acquire()
  world.cleaned(true)
  assert.equal(waiter.connection?.serial, 1)
})

test('a destroy that takes too long frees its place; the late end changes nothing', () => {
  const world = stocked(1, { destroyTimeoutMs: 50, max: 1 })
  const lease = world.acquire({ yielded: true })
  world.destroyLease(lease)
  const waiter = world.acquire()
  world.advance(49)
  assert.equal(world.dialling.length, 0)
  world.advance(1)
  assert.equal(world.dialling.length, 1)
  world.quiet('the late end', () => world.machine.closed(connection(world, 1).slot, world.now))
  assert.equal(waiter.state, 'waiting')
})

test('a waiter gives up at its deadline and leaves no trace', () => {
  const world = new World()
  const waiter = world.acquire({ timeoutMs: 100 })
  world.advance(99)
  assert.equal(waiter.state, 'waiting')
  world.advance(1)
  assert.equal(waiter.refusal, 'timeout')
  assert.equal(world.cancel(waiter), false)
  world.opened()
  assert.equal(world.idle.length, 1)
  world.advance(1_000) // What is due until then is the probation of the connection.
  assert.equal(world.machine.nextDue(), Infinity)
})

test('a deadline counts from the end of the turn: the loop may have been blocked before it', () => {
  const world = new World({ max: 1 })
  const lease = world.acquire()
  world.opened()
  const waiter = world.acquire({ timeoutMs: 100 })
  const other = world.acquire({ timeoutMs: 100 })
  world.now = 400
  world.release(lease)
  assert.deepEqual([waiter.state, waiter.waitedMs], ['granted', 0])
  world.settle()
  world.advance(99)
  assert.equal(other.state, 'waiting')
  world.advance(1)
  assert.equal(other.refusal, 'timeout')
})

test('a mass expiry is done a thousand at a time', () => {
  const world = new World({ max: 1 })
  for (let count = 0; count < 2_500; count++) world.acquire({ timeoutMs: 10 })
  world.settle()
  world.now = 10
  const left: number[] = []
  while (world.machine.nextDue() <= 10) {
    world.machine.elapse(10)
    left.push(world.waiting.length)
  }
  assert.deepEqual(left, [1_500, 500, 0])
})

test('an end of a lease that was ended changes nothing', () => {
  const world = stocked(1)
  const { slot } = connection(world, 1)
  world.quiet('doubled ends', () => {
    assert.equal(world.machine.fast.giveBack(slot, Infinity), false)
    world.machine.returned(slot, Infinity, false, false, 0)
    world.machine.returned(slot, Infinity, true, false, 0)
    world.machine.returnedUnfit(slot, { reason: 'dirty', error: undefined }, 0)
    world.machine.discard(slot, 'destroyed', undefined, 0)
    world.machine.detach(slot, 0)
  })
})

test('a connection that is offered twice is taken once', () => {
  const world = new World()
  world.offer()
  const { slot } = connection(world, 1)
  world.quiet('a second offer', () => {
    assert.equal(world.machine.offer(slot, world.now), false)
  })
})

test('a detached connection leaves at once, and its later death is not ours', () => {
  const world = stocked(1, { max: 1 })
  const lease = world.acquire({ yielded: true })
  const waiter = world.acquire()
  world.detach(lease)
  assert.equal(world.machine.moves.tally.closed.detached, 1)
  assert.equal(world.dialling.length, 1)
  world.quiet('its death', () => {
    world.machine.died(connection(world, 1).slot, 'backend', undefined, 0)
  })
  world.opened()
  assert.equal(waiter.state, 'granted')
})

test('a listener that meddles when a connection opens finds it in its place', () => {
  for (const meddling of ['close', 'invalidate', 'acquire', 'pause'] as const) {
    const world = new World()
    const waiter = world.acquire()
    world.react = (effect) => {
      world.react = () => undefined
      if (effect === 'opened') world[meddling]()
    }
    world.opened()
    const { destroyed } = connection(world, 1)
    assert.equal(destroyed !== null, meddling === 'close' || meddling === 'invalidate')
    assert.equal(waiter.state === 'granted', meddling === 'acquire')
  }
})

test('a listener that invalidates when a probe or a reset fails destroys nothing twice', () => {
  const world = stocked(1, { probes: true, probeAfterIdleMs: 10, resets: true })
  world.advance(10)
  world.acquire()
  world.react = (effect) => {
    world.react = () => undefined
    if (effect === 'probeFailed') world.invalidate()
  }
  world.probed(false)
  assert.equal(connection(world, 1).destroyed, 'probe')
})
