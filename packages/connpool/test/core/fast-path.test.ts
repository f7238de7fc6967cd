import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { interrupt } from './support/haste.ts'
import { connection, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

/** What the fast path lends, by itself. */
const taken = ({ machine }: World, unpolled = false) => machine.fast.take(unpolled)?.id ?? null

describe('the fast path lends', () => {
  test('what was parked in this turn', () => {
    const world = new World()
    const lease = world.acquire()
    world.opened()
    world.release(lease)
    assert.equal(taken(world), 1)
  })

  test('what was parked earlier, for the rest of the turn that polled, and to whom that is no matter', () => {
    const polled = stocked(1)
    assert.equal(taken(polled), null)
    polled.poll()
    assert.equal(taken(polled), 1)
    assert.equal(taken(stocked(1), true), 1)
  })

  test('what comes straight from a borrower unprobed, unless it is always to be probed', () => {
    for (const [probeAfterIdleMs, lent] of [
      [500, 1],
      [0, null],
    ] as const) {
      const world = new World({ probes: true, probeAfterIdleMs })
      const lease = world.acquire()
      world.opened()
      world.release(lease)
      assert.equal(taken(world), lent)
    }
  })

  test('nothing that has rested where there are probes: whether one is due the clock has to say', () => {
    const world = stocked(1, { probes: true, probeAfterIdleMs: 500 })
    world.poll()
    assert.equal(taken(world), null)
  })
})

describe('the fast path takes back', () => {
  test('nothing that is to be made clean', () => {
    const world = new World({ resets: true })
    const lease = world.acquire()
    world.opened()
    world.release(lease, { unclean: true })
    world.cleaned()
    const next = world.acquire()
    assert.equal(world.machine.fast.giveBack(connection(world, 1).slot, Infinity), false)
    assert.equal(next.state, 'granted')
  })
})

test('one that is to go is closed without being made clean first', () => {
  const resized = stocked(2, { resets: true, max: 2 })
  const [first] = [resized.acquire({ yielded: true }), resized.acquire({ yielded: true })]
  resized.resize(0, 1)
  resized.release(first, { unclean: true })
  assert.equal(first.connection?.destroyed, 'resized')
  const stale = stocked(1, { resets: true })
  const lease = stale.acquire({ yielded: true })
  stale.invalidate()
  stale.release(lease, { unclean: true })
  assert.equal(lease.connection?.destroyed, 'invalidated')
  assert.deepEqual(
    [resized, stale].map((world) => world.machine.moves.tally.resets),
    [0, 0],
  )
})

test('an acquire that was aborted before it began is counted as one that was', () => {
  const world = stocked(1)
  const { tally } = world.machine.moves
  const { acquires, aborts } = tally
  world.machine.abortedBefore()
  assert.deepEqual([tally.acquires - acquires, tally.aborts - aborts], [1, 1])
})

test('the fast path lends nothing in the middle of an event in which somebody came to wait', () => {
  const world = stocked(2, { freshForMs: 100 })
  world.poll()
  world.endTurn()
  connection(world, 2).dead = true
  let taken: unknown
  interrupt(world, 0, () => {
    taken = world.tryAcquire()
  })
  const waiter = world.acquire()
  assert.equal(taken, null)
  assert.equal(waiter.connection?.serial, 1)
})
