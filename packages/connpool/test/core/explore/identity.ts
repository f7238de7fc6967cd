import type { FailureClass } from '../../../src/core/backoff.ts'
import { OUTSIDE, type Timed } from '../../../src/core/deadlines.ts'
import type { List } from '../../../src/core/list.ts'
import type { Roster } from '../../../src/core/roster.ts'
import type { CloseReason, Slot } from '../../../src/core/slot.ts'
import type { Connection } from '../support/connection.ts'
import type { Ticket } from '../support/ticket.ts'
import { CONGESTED_MS, PROBATION_MS } from '../support/truth.ts'
import type { World } from '../support/world.ts'
import { TICK_MS } from './setting.ts'

const fates: readonly (CloseReason | null)[] = [
  null,
  'idle',
  'lifetime',
  'uses',
  'died',
  'dirty',
  'destroyed',
  'unreleased',
  'probe',
  'reset',
  'invalidated',
  'readdressed',
  'resized',
  'excess',
  'detached',
  'shutdown',
]
const classes: readonly (FailureClass | null)[] = [null, 'config', 'local', 'overload', 'backend']
const phases: readonly string[] = ['running', 'closing', 'closed']
const footings: readonly string[] = ['steady', 'loaded', 'unsure']

/** Between two lists. No other code is as large. */
const END = 0xff_ff
const NEVER = 1_000
/** The code of a time that is now; what is long past is the same. */
const NOW = 100

type Place = Slot<Connection>

/** The lists of places, in an order that never changes. */
function listsOf(roster: Roster<Connection>): readonly List<Place>[] {
  return [
    roster.opening,
    roster.aborting,
    roster.idle,
    roster.aged,
    roster.lent,
    roster.leaving,
    roster.resetting,
    roster.probing,
    roster.inspecting,
    roster.closing,
  ]
}

/** The connections that can still matter, each at the place that its role gives it. */
export function rolesOf(world: World): Connection[] {
  const roles: Connection[] = []
  for (const list of listsOf(world.machine.moves.roster)) {
    for (let slot = list.first; slot !== null; slot = slot.next) roles.push(slot.cargo)
  }
  return roles.concat(world.connections.filter(isOutside).sort(byWhatIsLeft))
}

/** It has no place any more, but may still answer, or be given back. */
function isOutside({ slot, dial, holders }: Connection): boolean {
  return slot.state === 'closed' && (dial === 'running' || holders > 0)
}

/** Nothing else is left of those that are outside; a dial has no holders. */
function byWhatIsLeft(one: Connection, other: Connection): number {
  return one.holders - other.holders
}

/**
 * What a world is, as a text: two worlds with the same text have the same futures, whatever came
 * before.
 *
 * It is complete because it holds
 * - every list of the roster in its order, and of each slot in it every field that anything reads:
 *   flags as they are, times as distances from now, and only while somebody may compare them;
 * - of what is private to the machine, what it shows (`footing`, `nextDue`, the first of each kind
 *   of deadline, the fullest seat, the place of a deadline in its run or heap, which decides
 *   between equals), or what the world knows as well: failed probes in a row, grants that passed
 *   over the oldest, when the last poll was, when the grace ends;
 * - the truth of the world, where the machine need not know it: who died in silence, who is outside.
 * Left out are counters, numbers of connections, and the time of day. `explore.test.ts` doubts all
 * this.
 */
export function identityOf(world: World): string {
  const { machine, truth } = world
  const { moves, policy } = machine
  const { roster, backoff, freshness } = moves
  const { limits, now } = truth
  const codes: number[] = [
    phases.indexOf(policy.phase),
    footings.indexOf(policy.footing),
    flags(policy.paused, policy.unavailable, truth.turnOpen, freshness.inTurn, truth.drains > 0),
    truth.sealedTurns,
    policy.min,
    policy.max,
    classes.indexOf(backoff.standing),
    Math.min(backoff.failures, mostFailures(world)),
    distance(backoff.until, now),
    distance(truth.polledAt + limits.freshForMs, now),
    Math.min(truth.failedProbes, limits.probeRetries),
    truth.passes,
    truth.closing ? distance(truth.closeBy, now) : NEVER,
    distance(machine.nextDue(), now),
    END,
  ]
  for (const list of listsOf(roster)) {
    for (let slot = list.first; slot !== null; slot = slot.next) place(codes, world, slot)
    codes.push(END)
  }
  const { retirement, idleness, nextProbe } = roster
  const firsts = [retirement.first, idleness.first, nextProbe.first].map((first) => first?.owner)
  const roles = rolesOf(world)
  for (const slot of [...firsts, roster.seats.fullest]) {
    codes.push(slot === undefined || slot === null ? NEVER : roles.indexOf(slot.cargo))
  }
  for (const c of roles) if (isOutside(c)) codes.push(flags(c.dial === 'running'), c.holders)
  codes.push(END)
  for (const ticket of truth.tickets) {
    if (ticket.state === 'waiting') waiter(codes, world, ticket)
  }
  return String.fromCharCode(...codes)
}

/** A failure more changes neither the delay nor whom it dooms. */
function mostFailures({ limits }: World): number {
  const { initialMs, maxMs, factor, failFastAfter } = limits.backoff
  const longest = factor > 1 ? 1 + Math.ceil(Math.log(maxMs / initialMs) / Math.log(factor)) : 1
  return Math.max(longest, failFastAfter === Infinity ? 1 : failFastAfter)
}

function place(codes: number[], world: World, slot: Place): void {
  const { limits, now } = world.truth
  codes.push(slot.leases, slot.cargo.holders, fates.indexOf(slot.fate))
  codes.push(age(slot.since, now, patience(slot, limits)))
  if (slot.state === 'opening') codes.push(flags(isOfThisStep(world, slot)))
  else if (slot.state !== 'aborting' && slot.state !== 'closing') open(codes, world, slot)
}

/** Of those on their way out nothing else matters. */
function open(codes: number[], world: World, slot: Place): void {
  const { truth, limits } = world
  const { now } = truth
  const { cargo, state } = slot
  const rests = state === 'idle'
  const comes = rests || state === 'probing' || state === 'resetting'
  codes.push(
    flags(
      slot.proven,
      slot.stamped && (rests || state === 'lent'),
      !slot.proven && isOfThisStep(world, slot),
      slot.expiry === 'lifetime',
      cargo.leavesBy < Infinity,
      cargo.dead,
      cargo.dirty,
      cargo.broken,
      cargo.generation === truth.generation,
      cargo.parkedAt !== null,
      cargo.proven,
      slot.uses > 0 && limits.probes && limits.probeAfterIdleMs === 0,
    ),
    slot.proven || slot.id === 0 ? 0 : age(slot.bornAt, now, PROBATION_MS),
    limits.maxUses === Infinity ? 0 : Math.min(slot.uses, limits.maxUses),
    comes ? distance(slot.idleForMs, 0) : 0,
    rests && slot.stamped && limits.probes ? age(slot.since, now, limits.probeAfterIdleMs) : 0,
    slot.seat === null ? 0 : slot.seat.leases,
    ...due(slot.retirement, now),
    ...(slot.idleness === null ? [NEVER, 0] : due(slot.idleness, now)),
    slot.idleness !== null && state === 'probing' && slot.upkeep
      ? distance(slot.idleness.dueAt, now)
      : 0,
    ...(slot.nextProbe === null ? [NEVER, 0] : due(slot.nextProbe, now)),
    distance(truth.spellEnd(cargo), now),
  )
}

/** Its failure would be the first of a step; that of a proven one is none. */
function isOfThisStep({ machine }: World, { step }: Place): boolean {
  return step === machine.moves.backoff.step
}

/** For how long it may be in its state, when somebody else's answer ends that. */
function patience({ state }: Place, limits: World['limits']): number {
  switch (state) {
    case 'opening':
      return limits.createTimeoutMs
    case 'aborting':
    case 'closing':
      return limits.destroyTimeoutMs
    case 'resetting':
      return limits.resetTimeoutMs
    case 'probing':
      return limits.probeTimeoutMs
    case 'idle':
    case 'lent':
    case 'closed':
      return Infinity
  }
  return state satisfies never
}

function waiter(codes: number[], { truth, limits }: World, ticket: Ticket): void {
  const { purpose, priority, deadline, waiter: queued } = ticket
  codes.push(
    flags(
      purpose === 'ready',
      queued.turnOnly,
      truth.isNew(ticket),
      limits.queueOrder === 'adaptive-lifo' && ticket.waits(truth.now) > CONGESTED_MS,
    ),
    priority,
    distance(deadline, truth.now),
    // Which of the turns under way may serve it: 0 for all of them, and for the last one.
    purpose === 'ready' ? 0 : Math.max(queued.turn - truth.polled, -1) + 1,
  )
}

/** When it is due, and its place among others that are. */
function due(member: Timed<unknown>, now: number): [distance: number, place: number] {
  if (member.dueIndex === OUTSIDE) return [NEVER, 0]
  return [distance(member.dueAt, now), member.dueIndex - OUTSIDE]
}

/** How far away a time is, in ticks. */
function distance(at: number, now: number): number {
  if (at === Infinity) return NEVER
  return at <= now ? NOW : NOW + ticks(at - now)
}

/** How long ago a time was, in ticks, as far as anybody compares it: to `most`. */
function age(since: number, now: number, most: number): number {
  return most === Infinity ? 0 : ticks(Math.min(now - since, most))
}

function ticks(ms: number): number {
  const count = ms / TICK_MS
  if (!Number.isInteger(count)) throw new RangeError(`${ms} ms are no whole ticks`)
  return count
}

function flags(...bits: boolean[]): number {
  let code = 0
  for (const bit of bits) code = code * 2 + (bit ? 1 : 0)
  return code
}
