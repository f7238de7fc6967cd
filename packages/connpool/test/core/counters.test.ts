import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connection, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

test('every end of an acquire has its counter', () => {
  const world = new World({ max: 1, maxWaiters: 3 })
  const miss = world.acquire()
  world.opened()
  const hit = world.acquire()
  world.settle()
  world.advance(30)
  world.release(miss)
  const timeout = world.acquire({ timeoutMs: 10 })
  world.advance(10)
  const abort = world.acquire()
  world.settle()
  world.advance(5)
  world.cancel(abort)
  world.close(0)
  world.acquire()
  assert.deepEqual([hit.state, timeout.refusal], ['granted', 'timeout'])
  const { tally } = world.machine.moves
  const { acquires, hits, misses, timeouts, aborts, refused, failed, waits, waitTimeMs } = tally
  assert.deepEqual(
    { acquires, hits, misses, timeouts, aborts, refused, failed, waits, waitTimeMs },
    {
      acquires: 5,
      hits: 1,
      misses: 1,
      timeouts: 1,
      aborts: 1,
      refused: 1,
      failed: 0,
      waits: 4,
      waitTimeMs: 45,
    },
  )
})

test('a null tryAcquire counts nothing, a lease from it as an acquire and a hit', () => {
  const world = stocked(1)
  const { tally } = world.machine.moves
  const before = tally.acquires
  world.tryAcquire()
  world.tryAcquire()
  assert.deepEqual([tally.acquires - before, tally.hits], [1, 1])
})

test('a connection is counted as closed, and its place is free, when its destroy settles', () => {
  const world = stocked(1, { max: 1 })
  const { tally, roster } = world.machine.moves
  world.destroyLease(world.tryAcquire() ?? world.acquire())
  assert.deepEqual([tally.closed.destroyed, roster.open], [0, 1])
  world.closed()
  assert.deepEqual([tally.closed.destroyed, roster.open], [1, 0])
})

test('offers and late results count as opened', () => {
  const world = new World()
  world.offer()
  const waiter = world.acquire()
  world.acquire()
  world.cancel(waiter)
  world.invalidate()
  for (const dial of world.running) world.opened(dial)
  const { opened, closed } = world.machine.moves.tally
  assert.equal(opened, world.connections.filter((c) => c.dial === 'opened').length)
  assert.equal(closed.excess, 0, 'none is destroyed yet')
})

test('somebody who waits keeps the process, an idle connection does not', () => {
  const world = stocked(1)
  assert.equal(world.machine.awaited, false)
  world.acquire()
  assert.equal(world.machine.awaited, true)
  world.turn()
  assert.equal(world.machine.awaited, false)
  world.close(100)
  assert.equal(world.machine.awaited, true)
})

test('waiting for a probe is a wait, waiting for the freshness turn is none', () => {
  const world = stocked(1, { probes: true, probeAfterIdleMs: 50 })
  const { tally } = world.machine.moves
  const before = tally.waits
  const fresh = world.acquire()
  world.turn()
  assert.equal(tally.waits - before, 0)
  world.release(fresh)
  world.settle()
  world.advance(50)
  world.acquire()
  world.settle()
  world.advance(5)
  world.probed(true)
  assert.deepEqual([tally.waits - before, tally.waitTimeMs], [1, 5])
})

test('who was to be served by the freshness turn, and had to wait for a dial, has waited', () => {
  const world = stocked(1)
  const { tally } = world.machine.moves
  const before = tally.waits
  const waiter = world.acquire()
  connection(world, 1).dead = true
  world.turn()
  world.advance(20)
  world.opened()
  assert.equal(waiter.state, 'granted')
  assert.deepEqual([tally.waits - before, tally.waitTimeMs], [1, 20])
})

test('who no longer waits for min to stand was no acquire, and is counted nowhere', () => {
  const world = new World({ min: 1 })
  const { waiter } = world.ready()
  const { tally } = world.machine.moves
  assert.equal(world.machine.cancel(waiter, world.now), true)
  assert.deepEqual([tally.aborts, tally.waits], [0, 0])
})
