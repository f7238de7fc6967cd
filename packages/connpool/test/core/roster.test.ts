import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Roster } from '../../src/core/roster.ts'
import { Slot } from '../../src/core/slot.ts'
import { limitsOf } from './support/limits-of.ts'

const none = (): void => undefined

function rosterOf(options: Parameters<typeof limitsOf>[0] = {}): {
  roster: Roster<string>
  idle(name: string, now?: number, random?: number): Slot<string>
} {
  const roster = new Roster<string>(limitsOf(options))
  return {
    roster,
    idle(name, now = 0, random = 0) {
      const slot = new Slot(name)
      roster.begin(slot, now)
      roster.admit(slot, now, random)
      roster.shelve(slot)
      return slot
    },
  }
}

test('every place is in the list of its state, and the gauges are the sizes of the lists', () => {
  const { roster, idle } = rosterOf()
  const dialling = new Slot('d')
  roster.begin(dialling, 0)
  const [a, b, c, d, e] = [idle('a'), idle('b'), idle('c'), idle('d'), idle('e')]
  roster.lend(a)
  roster.move(b, 'probing', 0)
  roster.move(c, 'resetting', 0)
  roster.bury(d, 'died', 0)
  assert.deepEqual(
    [a, b, c, d, e, dialling].map((slot) => slot.state),
    ['lent', 'probing', 'resetting', 'closing', 'idle', 'opening'],
  )
  assert.deepEqual(
    [roster.inUse, roster.lendable, roster.sound, roster.serving, roster.open, roster.taken],
    [1, 1, 4, 4, 5, 6],
  )
  roster.remove(d)
  assert.equal(d.state, 'closed')
  assert.equal(roster.taken, 5)
})

test('a condemned connection only takes room: idle it waits, lent it leaves on return', () => {
  const { roster, idle } = rosterOf()
  const [a, b] = [idle('a'), idle('b')]
  roster.lend(a)
  roster.condemn(a, 'lifetime')
  roster.condemn(b, 'lifetime')
  assert.deepEqual(
    [roster.sound, roster.serving, roster.leaving.size, roster.aged.size],
    [0, 2, 1, 1],
  )
  roster.condemn(a, 'uses')
  assert.equal(a.fate, 'lifetime', 'the first fate holds')
})

test('one that comes due while it is asked or cleaned is no supply either', () => {
  const { roster, idle } = rosterOf()
  const [a, b] = [idle('a'), idle('b')]
  roster.move(a, 'probing', 0)
  roster.move(b, 'resetting', 0)
  assert.deepEqual([roster.coming, roster.sound], [2, 2])
  roster.condemn(a, 'lifetime')
  roster.condemn(b, 'lifetime')
  assert.deepEqual([roster.coming, roster.sound, roster.serving], [0, 0, 2])
  roster.shelve(a)
  roster.bury(b, 'lifetime', 0)
  assert.deepEqual([roster.coming, roster.sound, roster.serving], [0, 0, 1])
  roster.move(a, 'probing', 0)
  assert.deepEqual([roster.coming, roster.sound, roster.serving], [0, 0, 1])
})

test('idleOrder says which idle connection is lent next; an aged one is lent last', () => {
  for (const [idleOrder, expected] of [
    ['lifo', ['c', 'b', 'a']],
    ['fifo', ['b', 'c', 'a']],
  ] as const) {
    const { roster, idle } = rosterOf({ idleOrder })
    const old = idle('a')
    idle('b')
    idle('c')
    roster.condemn(old, 'lifetime')
    const lent: string[] = []
    for (let slot = roster.candidate; slot !== null; slot = roster.candidate) {
      roster.lend(slot)
      lent.push(slot.cargo)
    }
    assert.deepEqual(lent, expected)
  }
})

test('a shared connection with a lease to spare goes before an idle one, the fullest first', () => {
  const { roster, idle } = rosterOf({ maxLeases: 3 })
  const [a, b] = [idle('a'), idle('b')]
  idle('c')
  roster.lend(a)
  roster.lend(b)
  roster.lend(b)
  assert.equal(roster.candidate, b)
  roster.lend(b)
  assert.equal(roster.candidate, a, 'a full one has no place')
  roster.condemn(a, 'destroyed')
  assert.equal(roster.candidate?.cargo, 'c', 'one that is to go takes no new lease')
  roster.endLease(b)
  assert.equal(roster.candidate, b)
  assert.deepEqual([roster.leases, roster.inUse, roster.maxInUse], [3, 2, 2])
})

test('the last use is the one that condemns', () => {
  const { roster, idle } = rosterOf({ maxUses: 2 })
  const slot = idle('a')
  roster.lend(slot)
  assert.equal(slot.fate, null)
  roster.endLease(slot)
  roster.shelve(slot)
  roster.lend(slot)
  assert.equal(slot.fate, 'uses')
  assert.equal(roster.leaving.first, slot)
})

test('the end of a turn stamps and watches what came to rest in it, once', () => {
  const { roster, idle } = rosterOf({ idleTimeoutMs: 100 })
  const parked: string[] = []
  const settle = (now: number): void => roster.settle(now, (slot) => parked.push(slot.cargo))
  idle('a')
  const b = idle('b')
  settle(5)
  settle(6)
  assert.deepEqual(parked.sort(), ['a', 'b'])
  assert.equal(roster.idleOutAt, 105)
  assert.equal(b.since, 5)
  roster.lend(b)
  settle(7)
  assert.equal(b.since, 7)
  b.idleForMs = 10
  roster.endLease(b)
  roster.shelve(b)
  settle(8)
  assert.equal(roster.idleOutAt, 18, "the borrower's bound, when it is the sooner")
})

test('of idle ones with bounds of their own and without, the one that is due first goes first', () => {
  const { roster, idle } = rosterOf({ idleTimeoutMs: 100 })
  const [a, b, c] = [idle('a'), idle('b'), idle('c')]
  b.idleForMs = 100
  c.idleForMs = 10
  roster.settle(5, none)
  assert.equal(roster.idledOut(14), null)
  assert.equal(roster.idledOut(15), c)
  roster.bury(c, 'idle', 15)
  assert.deepEqual([roster.idleOutAt, roster.idledOut(104), roster.idledOut(105)], [105, null, a])
  roster.bury(a, 'idle', 105)
  assert.equal(roster.idledOut(105), b, 'a bound that is no sooner than the timeout is none')
  roster.bury(b, 'idle', 105)
  assert.deepEqual([roster.idleOutAt, roster.idledOut(Infinity)], [Infinity, null])
})

test('one that was stamped and then condemned hides no other from the end of the turn', () => {
  const { roster, idle } = rosterOf({ maxUses: 1 })
  const [a, b] = [idle('a'), idle('b')]
  roster.settle(1, none)
  roster.lend(b)
  roster.move(a, 'resetting', 1)
  roster.shelve(a)
  roster.settle(2, none)
  const c = idle('c')
  roster.condemn(c, 'lifetime')
  roster.condemn(a, 'lifetime')
  roster.settle(3, none)
  assert.deepEqual([a.since, b.since, c.since], [2, 2, 3])
})

test('a background probe does not prolong the idle spell', () => {
  const { roster, idle } = rosterOf({ idleTimeoutMs: 100, probeEveryMs: 30, probes: true })
  const slot = idle('a')
  roster.settle(0, none)
  assert.equal(roster.nextProbe.at, 30)
  roster.move(slot, 'probing', 30)
  assert.deepEqual([roster.idleOutAt, roster.nextProbe.at], [Infinity, Infinity])
  roster.reshelve(slot, 31)
  assert.deepEqual([roster.idleOutAt, roster.nextProbe.at], [100, 61])
})

test('a lifetime is drawn once, at birth', () => {
  const { roster, idle } = rosterOf({ maxLifetimeMs: 1_000, lifetimeJitter: 0.1 })
  idle('a', 0, 0)
  idle('b', 0, 0.5)
  const due: number[] = []
  for (let first = roster.retirement.first; first !== null; first = roster.retirement.first) {
    due.push(first.dueAt)
    roster.retirement.remove(first)
  }
  assert.deepEqual(due, [950, 1_000])
})

test('who is out has nothing due any more', () => {
  const { roster, idle } = rosterOf({ idleTimeoutMs: 9, maxLifetimeMs: 9, probeEveryMs: 9 })
  const slot = idle('a')
  roster.settle(0, none)
  roster.bury(slot, 'died', 1)
  const { idleOutAt, retirement, nextProbe } = roster
  assert.deepEqual([idleOutAt, retirement.at, nextProbe.at], [Infinity, Infinity, Infinity])
})
