import { Backoff, type FailureClass } from './backoff.ts'
import { Deadline } from './deadlines.ts'
import type { Effects } from './effects.ts'
import { Freshness } from './freshness.ts'
import type { Limits } from './limits.ts'
import { Queue } from './queue.ts'
import { Roster } from './roster.ts'
import { type CloseReason, Slot } from './slot.ts'
import { Tally } from './tally.ts'
import type { Refusal, Waiter } from './waiter.ts'

/** A connection that lived this long was no failed dial, whatever becomes of it, in ms. */
const PROBATION_MS = 1_000

/**
 * What can be done to a connection or to a waiter. Each move changes the state, counts, and gives
 * its command to the world last, so that a world which answers at once finds everything in place.
 * When to make a move is the business of Policy and PoolMachine.
 */
export class Moves<C> {
  readonly limits: Limits
  readonly roster: Roster<C>
  readonly tally: Tally = new Tally()
  readonly backoff: Backoff
  readonly queue: Queue
  /** Those who wait for one connection in particular: the world knows for which. */
  readonly named: Queue = new Queue('fifo')
  /** Those who wait for `min` to stand. */
  readonly readiness: Queue = new Queue('fifo')
  readonly freshness: Freshness
  readonly effects: Effects<C>
  readonly #random: () => number
  /** Failed probes in a row. */
  #failedProbes = 0

  constructor(limits: Limits, effects: Effects<C>, random: () => number) {
    this.limits = limits
    this.effects = effects
    this.#random = random
    this.roster = new Roster<C>(limits)
    this.backoff = new Backoff(limits.backoff, random)
    this.queue = new Queue(limits.queueOrder)
    this.freshness = new Freshness(limits.freshForMs)
  }

  // ── Dials ─────────────────────────────────────────────────────────────────────────────────────

  dial(now: number): void {
    const slot = new Slot(this.effects.cargo())
    slot.step = this.backoff.step
    this.roster.begin(slot, now)
    this.effects.open(slot)
  }

  /** Nobody's fault: the dial is not wanted any more. */
  abort(slot: Slot<C>, now: number): void {
    this.roster.move(slot, 'aborting', now)
    this.effects.abort(slot)
  }

  /** The dial failed before its `create` said so. */
  giveUp(slot: Slot<C>, failureClass: FailureClass, error: unknown, now: number): void {
    this.roster.move(slot, 'aborting', now)
    this.dialFailed(slot, failureClass, error, now)
    this.effects.abort(slot)
  }

  dialFailed(slot: Slot<C>, failureClass: FailureClass, error: unknown, now: number): void {
    this.tally.connectFailures[failureClass]++
    this.backoff.fail(slot.step, failureClass, now)
    this.effects.connectFailed(slot, failureClass, error)
  }

  /** A connection enters the pool, idle. Opening alone resets no backoff: it is on probation. */
  admit(slot: Slot<C>, now: number): void {
    const tookMs = now - slot.bornAt
    this.roster.admit(slot, now, this.#random())
    this.roster.shelve(slot)
    this.tally.opened++
    if (!slot.proven) {
      slot.probation = new Deadline(slot)
      this.roster.probation.add(slot.probation, now + PROBATION_MS)
    }
    this.effects.connectionOpened(slot, tookMs)
  }

  /** A connection came too late: counted as opened, and closed at once (law 10). */
  turnOut(slot: Slot<C>, now: number): void {
    const tookMs = now - slot.bornAt
    this.roster.admit(slot, now, this.#random())
    this.roster.bury(slot, 'excess', now)
    this.tally.opened++
    this.effects.connectionOpened(slot, tookMs)
    this.effects.destroy(slot, 'excess', undefined)
  }

  /** Returned clean for the first time, or lived through its probation: the dial was a success. */
  prove(slot: Slot<C>): void {
    if (slot.probation === null) return
    this.roster.probation.remove(slot.probation)
    slot.probation = null
    slot.proven = true
    this.backoff.succeed()
  }

  // ── Leases ────────────────────────────────────────────────────────────────────────────────────

  lend(slot: Slot<C>): void {
    if (slot.uses === 0) this.tally.misses++
    else this.tally.hits++
    this.roster.lend(slot)
  }

  grant(waiter: Waiter, slot: Slot<C>, waitedMs: number): void {
    this.lend(slot)
    this.#serve(waiter, slot, waitedMs)
  }

  /** A release and a grant in one: from one borrower straight to the next. */
  handOn(waiter: Waiter, slot: Slot<C>, waitedMs: number): void {
    this.tally.releases++
    this.tally.hits++
    this.roster.relend(slot)
    this.#serve(waiter, slot, waitedMs)
  }

  #serve(waiter: Waiter, slot: Slot<C>, waitedMs: number): void {
    this.#endWait(waiter, waitedMs)
    this.#queueOf(waiter).serve(waiter)
    this.effects.grant(waiter, slot, waitedMs)
  }

  /** Laws 14 and 15: whether it may be lent. Closes it when not. */
  ensureFit(slot: Slot<C>, now: number): boolean {
    if (this.effects.fit(slot)) return true
    const { reason, error } = this.effects.diagnosis(slot)
    this.close(slot, reason, now, error)
    return false
  }

  // ── Questions to a connection ─────────────────────────────────────────────────────────────────

  needsProbe(slot: Slot<C>, now: number): boolean {
    if (!this.limits.probes || slot.state !== 'idle') return false
    return (slot.stamped ? now - slot.since : 0) >= this.limits.probeAfterIdleMs
  }

  probe(slot: Slot<C>, upkeep: boolean, now: number): void {
    slot.upkeep = upkeep
    this.roster.move(slot, 'probing', now)
    this.tally.probes++
    this.effects.probe(slot)
  }

  /** A probe or a dial succeeded: the backend lives. */
  answered(): void {
    this.#failedProbes = 0
  }

  /** After `probeRetries` in a row nobody waits for the others to fail one by one. */
  probeFailed(slot: Slot<C>, failureClass: FailureClass, error: unknown, now: number): void {
    this.tally.probeFailures++
    this.#failedProbes++
    this.roster.bury(slot, 'probe', now)
    const suspects = this.#failedProbes < this.limits.probeRetries ? [] : this.#suspects(now)
    for (const other of suspects) this.roster.bury(other, 'probe', now)
    this.effects.probeFailed(slot, error)
    this.#destroy(slot, 'probe', now, error, failureClass)
    for (const other of suspects) this.effects.destroy(other, 'probe', undefined)
  }

  /** Idle ones that would have to be probed. */
  #suspects(now: number): Slot<C>[] {
    const { idle, aged } = this.roster
    const unused = [...idle.toArray(), ...aged.toArray()]
    return unused.filter((other) => this.needsProbe(other, now))
  }

  reset(slot: Slot<C>, now: number): void {
    this.roster.move(slot, 'resetting', now)
    this.tally.resets++
    this.effects.reset(slot)
  }

  /** Law 16. */
  resetFailed(slot: Slot<C>, error: unknown, now: number): void {
    this.tally.resetFailures++
    this.roster.bury(slot, 'reset', now)
    this.effects.resetFailed(slot, error)
    this.#destroy(slot, 'reset', now, error, 'backend')
  }

  // ── Ends ──────────────────────────────────────────────────────────────────────────────────────

  /** Ends lifetimes early, each at a moment of its own within `spreadMs`. */
  expire(
    isMeant: (slot: Slot<C>) => boolean,
    expiry: CloseReason,
    spreadMs: number,
    now: number,
  ): void {
    const { idle, lent, resetting, probing, inspecting } = this.roster
    for (const list of [idle, lent, resetting, probing, inspecting]) {
      for (const slot of list.toArray()) {
        if (slot.fate === null && isMeant(slot))
          this.roster.expire(slot, expiry, now + spreadMs * this.#random())
      }
    }
  }

  close(
    slot: Slot<C>,
    reason: CloseReason,
    now: number,
    error?: unknown,
    failureClass: FailureClass = 'backend',
  ): void {
    this.roster.bury(slot, reason, now)
    this.#destroy(slot, reason, now, error, failureClass)
  }

  /** The end of a buried one. It counts as a failed dial when it came by itself, and early. */
  #destroy(
    slot: Slot<C>,
    reason: CloseReason,
    now: number,
    error: unknown,
    failureClass: FailureClass,
  ): void {
    const early = !slot.proven && now - slot.bornAt < PROBATION_MS
    const byItself = reason === 'died' || reason === 'dirty' || reason === 'probe'
    if (early && byItself) this.dialFailed(slot, failureClass, error, now)
    this.effects.destroy(slot, reason, error)
  }

  closeAll(slots: readonly Slot<C>[], reason: CloseReason, now: number): void {
    for (const slot of slots) this.roster.bury(slot, reason, now)
    for (const slot of slots) this.effects.destroy(slot, reason, undefined)
  }

  /** Gives every place up at once, dials included; what is lent, on return (laws 17 and 18). */
  evacuate(reason: CloseReason, now: number): void {
    const { opening, idle, aged, probing, inspecting, resetting, lent, leaving } = this.roster
    const dials = opening.toArray()
    const unused = [idle, aged, probing, inspecting, resetting].flatMap((list) => list.toArray())
    const held = [...lent.toArray(), ...leaving.toArray()]
    for (const slot of dials) this.roster.move(slot, 'aborting', now)
    for (const slot of held) this.roster.condemn(slot, reason)
    this.closeAll(unused, reason, now)
    for (const slot of dials) this.effects.abort(slot)
    for (const slot of held) this.effects.recall(slot)
  }

  /** Destroyed, or given up. Only now is it open no more, and its place free (laws 2 and 3). */
  departed(slot: Slot<C>): void {
    this.#depart(slot, slot.fate ?? 'destroyed')
  }

  /** Taken out of the pool for good. */
  detach(slot: Slot<C>): void {
    this.#depart(slot, 'detached')
  }

  #depart(slot: Slot<C>, reason: CloseReason): void {
    this.roster.remove(slot)
    slot.fate = reason
    this.tally.closed[reason]++
    this.effects.connectionClosed(slot, reason)
  }

  // ── Waiters ───────────────────────────────────────────────────────────────────────────────────

  /** Leaves the queue unserved, by its own will. */
  withdraw(waiter: Waiter, now: number): void {
    this.#queueOf(waiter).leave(waiter)
    if (waiter.purpose === 'ready') return
    this.tally.aborts++
    this.#endWait(waiter, waiter.waitedMs(now))
  }

  /** Law 8: it is out of the queue before it is told, so that it is told once. */
  turnAway(waiter: Waiter, refusal: Refusal, now: number): void {
    this.#queueOf(waiter).leave(waiter)
    if (waiter.purpose !== 'ready') this.#endWait(waiter, waiter.waitedMs(now))
    this.refuse(waiter, refusal)
  }

  /** Those who wait now; whoever joins them while they are told is not meant. */
  turnAwayAll(refusal: Refusal, now: number): void {
    for (const queue of [this.queue, this.named, this.readiness]) {
      for (let left = queue.size; left > 0; left--) {
        const waiter = queue.oldest()
        if (waiter !== null) this.turnAway(waiter, refusal, now)
      }
    }
  }

  /** Turns away one who never queued, or is out of the queue. */
  refuse(waiter: Waiter, refusal: Refusal): void {
    if (waiter.purpose !== 'ready') {
      if (refusal === 'timeout') this.tally.timeouts++
      else if (refusal === 'config') this.tally.failed++
      else this.tally.refused++
    }
    this.effects.refuse(waiter, refusal)
  }

  #queueOf(waiter: Waiter): Queue {
    switch (waiter.purpose) {
      case 'lease':
        return this.queue
      case 'named':
        return this.named
      case 'ready':
        return this.readiness
    }
    return waiter.purpose satisfies never
  }

  /** Counts how long it waited; being served by the freshness turn asked for is no wait. */
  #endWait(waiter: Waiter, waitedMs: number): void {
    if (!waiter.expected || !this.freshness.isToCome(waiter.turn)) {
      this.tally.waits++
      this.tally.waitTimeMs += waitedMs
    }
  }
}
