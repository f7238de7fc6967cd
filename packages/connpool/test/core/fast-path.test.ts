import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Limits } from '../../src/core/limits.ts'
import { interrupt } from './support/haste.ts'
import { connection, stocked } from './support/stocked.ts'
import type { Ask } from './support/ticket.ts'
import { type Ticket, World } from './support/world.ts'

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

/** One connection, lent, and two who came in this turn and wait for it. */
function loaded(options: Partial<Limits> = {}, ask: Ask = {}): { world: World; waiters: Ticket[] } {
  const world = stocked(1, { max: 1, ...options })
  world.acquire({ yielded: true })
  if (world.asked('probe').length > 0) world.probed(true)
  const waiters = [world.acquire(), world.acquire(ask)]
  return { world, waiters }
}

const handsOn = ({ machine, connections }: World) => {
  const [connection] = connections
  assert.ok(connection?.slot.state === 'lent')
  return machine.fast.giveBack(connection.slot, Infinity)
}

describe('the fast path hands on', () => {
  test('what comes back to the first of those who came in this turn', () => {
    const { world, waiters } = loaded()
    const [lease] = world.held
    assert.ok(lease !== undefined)
    world.release(lease)
    assert.deepEqual(
      waiters.map(({ state, waitedMs }) => [state, waitedMs]),
      [
        ['granted', 0],
        ['waiting', 0],
      ],
    )
  })

  for (const [what, options] of Object.entries({
    'what is to be made clean': { resets: true },
    'what is to be probed each time': { probes: true, probeAfterIdleMs: 0 },
    'what may be lent once more only': { maxUses: 3 },
    'anything where the last may be first': { queueOrder: 'adaptive-lifo' },
  } satisfies Record<string, Partial<Limits>>)) {
    test(`not ${what}`, () => {
      const { world } = loaded(options)
      world.quiet(what, () => assert.equal(handsOn(world), false))
    })
  }

  test('nothing where somebody is of another priority, or waits since another turn', () => {
    const urgent = loaded({}, { priority: 1 }).world
    urgent.quiet('urgent', () => assert.equal(handsOn(urgent), false))
    const patient = loaded().world
    patient.settle()
    patient.quiet('patient', () => assert.equal(handsOn(patient), false))
  })

  test('nothing that is not fit any more', () => {
    const { world } = loaded()
    connection(world, 1).dead = true
    world.quiet('unfit', () => assert.equal(handsOn(world), false))
  })

  test('nothing to the last who waits: what follows from that is for the machine to see', () => {
    const { world, waiters } = loaded()
    for (const waiter of waiters.slice(1)) world.cancel(waiter)
    world.quiet('the last', () => assert.equal(handsOn(world), false))
  })
})

describe('what is warm is lent anew', () => {
  const warm = (options: Partial<Limits>) => {
    const world = stocked(1, { max: 2, ...options })
    const lease = world.tryAcquire()
    assert.ok(lease !== null)
    world.judging = false // Whoever judges looks, and then nothing is warm.
    world.release(lease)
    return world
  }
  const again = ({ machine }: World) => machine.fast.retake()?.id ?? null

  test('as long as nothing is to be minded', () => {
    assert.equal(again(warm({})), 1)
    assert.equal(again(warm({ maxUses: 4 })), 1)
  })

  test('not where it is not fit any more', () => {
    const world = warm({})
    connection(world, 1).dead = true
    assert.equal(again(world), null)
  })

  for (const [what, options] of Object.entries({
    'its next use is its last': { maxUses: 3 },
    'connections are probed': { probes: true, probeAfterIdleMs: 500 },
    'some are to stay idle': { minIdle: 1 },
  } satisfies Record<string, Partial<Limits>>)) {
    test(`not where ${what}`, () => assert.equal(again(warm(options)), null))
  }
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

describe('what goes straight from one borrower to the next', () => {
  /** One connection, lent, and so many who wait for it; since an earlier turn, or since this one. */
  const queued = (count: number, options: Partial<Limits>, settles: boolean) => {
    const world = stocked(1, { max: 1, ...options })
    const waiters = Array.from({ length: count + 1 }, () => world.acquire())
    world.turn()
    if (settles) world.settle()
    return { world, waiters, slot: connection(world, 1).slot }
  }

  for (const settles of [false, true]) {
    const when = settles ? 'waited' : 'came in this turn'

    test(`is used once more each time, and closed after its last use: who ${when}`, () => {
      const { world, waiters, slot } = queued(4, { maxUses: 4 }, settles)
      assert.equal(slot.uses, 2, 'once when it was stocked, and by the first')
      for (const [index, waiter] of waiters.slice(0, 2).entries()) {
        world.release(waiter)
        assert.equal(slot.uses, 3 + index)
      }
      assert.equal(slot.fate, 'uses')
      assert.equal(waiters[2]?.connection?.serial, 1)
      world.release(waiters[2] as Ticket)
      assert.equal(slot.state, 'closing')
    })

    test(`is held from the end of the turn in which it went on: who ${when}`, () => {
      const { world, waiters, slot } = queued(3, {}, settles)
      world.settle()
      world.advance(5)
      world.release(waiters[0] as Ticket)
      assert.equal(slot.stamped, false)
      world.settle()
      assert.deepEqual([slot.stamped, slot.since], [true, world.now])
    })
  }

  test('stands behind those that were lent before', () => {
    const world = stocked(2, { max: 2 })
    const waiters = Array.from({ length: 5 }, () => world.acquire())
    world.turn()
    world.settle()
    const { lent } = world.machine.moves.roster
    const [first, second] = lent.toArray()
    const holder = waiters.find(({ connection }) => connection?.slot === first)
    world.release(holder as Ticket)
    assert.deepEqual(lent.toArray(), [second, first])
  })
})

test('what goes out again within its turn is used once more each time', () => {
  const world = stocked(1, { maxUses: 6 })
  const { slot } = connection(world, 1)
  world.poll()
  for (let uses = 2; uses <= 4; uses++) {
    const lease = world.acquire()
    assert.equal(slot.uses, uses)
    world.release(lease)
  }
})
