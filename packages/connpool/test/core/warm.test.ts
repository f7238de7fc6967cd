import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { stocked } from './support/stocked.ts'
import type { Ticket } from './support/ticket.ts'
import type { World } from './support/world.ts'

/** What may happen between going out and coming back; the number picks whom it happens to. */
const happenings: readonly ((world: World, pick: number) => void)[] = [
  (world) => world.acquire({ yielded: true }),
  (world) => world.tryAcquire(),
  (world, pick) => held(world, pick, (ticket) => world.release(ticket)),
  (world, pick) => held(world, pick, (ticket) => world.release(ticket)),
  (world, pick) => held(world, pick, (ticket) => world.destroyLease(ticket)),
  (world, pick) => held(world, pick, (ticket) => world.detach(ticket)),
  (world, pick) => world.dies(one(world.serving, pick)),
  (world) => world.invalidate(),
  (world, pick) => world.resize(0, 1 + (pick % 3)),
  (world, pick) => world.expire(world.serving.slice(pick % 3), 0),
  (world) => world.settle(),
  (world) => world.elapse(),
]

test('what goes out and comes back within a turn is where it belongs whenever somebody looks', () => {
  const step = fc.tuple(fc.nat(happenings.length - 1), fc.nat(5))
  fc.assert(
    fc.property(fc.array(step, { maxLength: 8 }), (steps) => {
      const world = stocked(3, { max: 3 })
      world.judging = false // Whoever judges looks.
      for (const [index, pick] of steps) {
        if (world.serving.length > 0) one(happenings, index)(world, pick)
      }
      const { roster } = world.machine.moves
      assert.equal(roster.inUse, world.truth.census().lent, 'who looks at those in use first')
      world.judging = true
      world.settled()
    }),
    { numRuns: 3_000 },
  )
})

test('it is the last that came back, and is no news at the end of the turn', () => {
  const { machine } = stocked(3)
  const [first, second] = [machine.fast.take(true), machine.fast.take(true)]
  assert.ok(first !== null && second !== null)
  assert.ok(machine.fast.giveBack(second, Infinity) && machine.fast.giveBack(first, Infinity))
  assert.equal(machine.fast.retake(), first)
  assert.equal(machine.fast.retake(), null, 'the other is where the idle ones are')
  assert.equal(machine.fast.take(true), second)
})

test('it is the next to go out by the slower paths, too', () => {
  const world = stocked(2, { max: 2, probes: true, probeAfterIdleMs: 500 })
  const [first, second] = [world.tryAcquire(), world.tryAcquire()]
  assert.ok(first !== null && second !== null)
  world.judging = false
  world.release(second)
  world.release(first)
  assert.equal(world.tryAcquire()?.connection, first.connection)
})

test('it counts for what may be idle', () => {
  const world = stocked(1, { max: 2, maxIdle: 1 })
  const first = world.tryAcquire()
  const proving = world.acquire()
  world.opened()
  world.release(proving)
  const second = world.tryAcquire()
  assert.ok(first !== null && second !== null)
  world.judging = false
  world.release(first)
  world.release(second)
  assert.deepEqual(
    world.connections.map(({ destroyed }) => destroyed),
    ['excess', null],
  )
})

test('where the first is to be lent first, or connections are shared, there is none', () => {
  const queue = stocked(2, { idleOrder: 'fifo' }).machine
  const [first, second] = [queue.fast.take(true), queue.fast.take(true)]
  assert.ok(first !== null && second !== null)
  assert.ok(queue.fast.giveBack(first, Infinity) && queue.fast.giveBack(second, Infinity))
  assert.equal(queue.fast.retake() ?? queue.fast.take(true), first)
  const shared = stocked(2, { maxLeases: 2 }).machine
  const [one, same, other] = [
    shared.fast.take(true),
    shared.fast.take(true),
    shared.fast.take(true),
  ]
  assert.ok(one !== null && one === same && other !== null)
  assert.ok(shared.fast.giveBack(one, Infinity) && shared.fast.giveBack(other, Infinity))
  assert.equal(shared.fast.retake() ?? shared.fast.take(true), one, 'the fullest first')
})

function held(world: World, pick: number, act: (ticket: Ticket) => void): void {
  if (world.held.length > 0) act(one(world.held, pick))
}

function one<M>(members: readonly M[], pick: number): M {
  const member = members[pick % members.length]
  assert.ok(member !== undefined)
  return member
}
