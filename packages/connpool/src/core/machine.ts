import type { FailureClass } from './backoff.ts'
import type { Effects } from './effects.ts'
import type { Limits } from './limits.ts'
import type { List } from './list.ts'
import { Moves } from './moves.ts'
import { Policy } from './policy.ts'
import type { Roster } from './roster.ts'
import type { CloseReason, Slot } from './slot.ts'
import type { Refusal, Waiter } from './waiter.ts'

/** Waiters turned away in one `elapse`, so that a mass expiry does not stall the loop. */
const EXPIRE_AT_ONCE = 256

/**
 * The pool as a pure machine: events in, answers out; no clock, no promise, no socket.
 *
 * Events are total: any may come in any state; late, doubled and stale ones are no-ops. Each changes
 * what it is about; then Policy decides what follows: what is dialled, lent, retired or refused. Times
 * are in ms of the pool's clock.
 */
export class PoolMachine<C, W> {
  readonly moves: Moves<C, W>
  readonly policy: Policy<C, W>
  generation = 0

  readonly #limits: Limits
  readonly #roster: Roster<C>
  #closeBy = Infinity

  constructor(limits: Limits, effects: Effects<C, W>, random: () => number) {
    this.moves = new Moves<C, W>(limits, effects, random)
    this.policy = new Policy<C, W>(this.moves)
    this.#limits = limits
    this.#roster = this.moves.roster
  }

  /** Somebody waits, so the process must not end. */
  get awaited(): boolean {
    const { queue, readiness } = this.moves
    return queue.size > 0 || readiness.size > 0 || this.policy.phase === 'closing'
  }

  // ── Borrowers ─────────────────────────────────────────────────────────────────────────────────

  /**
   * The fast path: lends what needs no clock to be lent, or answers null. `unpolled`: also one that was
   * parked in an earlier turn of the loop and may have died since.
   */
  take(unpolled: boolean): Slot<C> | null {
    const slot = this.policy.steady ? this.#roster.candidate : null
    if (slot === null || slot.uses + 1 >= this.#limits.maxUses) return null
    if (slot.state === 'idle') {
      if (this.#roster.idle.size <= this.#limits.minIdle) return null
      if (slot.stamped && !unpolled && !this.moves.freshness.inTurn) return null
      if (this.#limits.probes && (slot.stamped || this.#limits.probeAfterIdleMs === 0)) return null
    }
    if (!this.moves.effects.fit(slot)) return null
    this.moves.tally.acquires++
    this.moves.lend(slot)
    return slot
  }

  /** Lends at once what needs neither a turn of the loop nor a probe, or answers null. */
  takeNow(now: number): Slot<C> | null {
    const { moves, policy } = this
    let taken: Slot<C> | null = null
    while (
      taken === null &&
      moves.queue.size === 0 &&
      !policy.paused &&
      policy.phase === 'running'
    ) {
      const slot = this.#roster.candidate
      if (slot === null || moves.needsProbe(slot, now)) break
      if (!moves.checkFit(slot, now)) continue
      moves.tally.acquires++
      moves.lend(slot)
      taken = slot
    }
    policy.pump(now)
    return taken
  }

  /** An acquire that the fast path did not serve. With a deadline of -Infinity it may not wait. */
  request(waiter: Waiter<W>, deadline: number, now: number): void {
    const { moves, policy } = this
    moves.tally.acquires++
    const refusal = this.#refusalOf(waiter, deadline, now)
    if (refusal !== null) {
      moves.refuse(waiter, refusal)
      return
    }
    if (deadline === -Infinity) policy.markTurnOnly(waiter)
    moves.queue.enqueue(waiter, waiter.turnOnly ? Infinity : deadline)
    policy.pump(now)
  }

  /** Somebody waits for `min` to stand. */
  awaitReady(waiter: Waiter<W>, deadline: number, now: number): void {
    if (this.policy.phase !== 'running') this.moves.refuse(waiter, 'closed')
    else {
      this.moves.readiness.enqueue(waiter, deadline)
      this.policy.pump(now)
    }
  }

  /** A waiter left. Answers false when it was settled already. */
  cancel(waiter: Waiter<W>, now: number): boolean {
    if (!waiter.queued) return false
    this.moves.withdraw(waiter, now)
    this.policy.pump(now)
    return true
  }

  /** The fast path: a clean release that owes nothing to anybody. Answers false when it is not that. */
  giveBack(slot: Slot<C>, idleForMs: number): boolean {
    if (!this.policy.steady || slot.fate !== null || !slot.proven || slot.leases === 0) return false
    if (slot.leases === 1) {
      if (this.#limits.resets || this.#roster.idle.size >= this.policy.maxIdle) return false
      slot.idleForMs = idleForMs
      this.#roster.endLease(slot)
      this.#roster.shelve(slot)
    } else this.#roster.endLease(slot)
    this.moves.tally.releases++
    return true
  }

  /** Any other release. `unclean`: it must be reset before it is lent again. */
  returned(slot: Slot<C>, idleForMs: number, unclean: boolean, now: number): void {
    if (slot.leases === 0) return
    this.moves.tally.releases++
    this.#roster.endLease(slot)
    if (slot.state === 'lent') this.moves.prove(slot)
    if (slot.state === 'lent' && slot.leases === 0) {
      slot.idleForMs = idleForMs
      if (!unclean) this.#settleIn(slot, now)
      else if (slot.fate !== null) this.moves.close(slot, slot.fate, now)
      else this.moves.reset(slot, now)
    }
    this.policy.pump(now)
  }

  /** A release of a connection that is not fit to be kept. */
  returnedUnfit(slot: Slot<C>, reason: CloseReason, now: number): void {
    if (slot.leases > 0) this.moves.tally.releases++
    this.discard(slot, reason, undefined, now)
  }

  /** A lease ended and its connection is not to be lent again: it goes with the last lease on it. */
  discard(slot: Slot<C>, reason: CloseReason, error: unknown, now: number): void {
    if (slot.leases === 0) return
    this.#roster.endLease(slot)
    if (slot.state === 'lent') {
      if (slot.leases === 0) this.moves.close(slot, reason, now, error)
      else this.#roster.condemn(slot, reason)
    }
    this.policy.pump(now)
  }

  /** A lease ended and took its connection out of the pool for good. */
  detach(slot: Slot<C>, now: number): void {
    if (slot.leases === 0) return
    this.#roster.endLease(slot)
    if (slot.state === 'lent') this.moves.depart(slot, 'detached')
    this.policy.pump(now)
  }

  // ── The world's answers ───────────────────────────────────────────────────────────────────────

  /** A connection opened. Answers false when it comes too late: it is then being destroyed. */
  opened(slot: Slot<C>, now: number): boolean {
    if (slot.id !== 0) return false
    const wanted = slot.state === 'opening'
    if (!wanted) this.moves.turnOut(slot, now)
    else {
      this.moves.answered()
      this.#enter(slot, now)
    }
    this.policy.pump(now)
    return wanted
  }

  /** A connection that somebody else opened. Answers false when there is no place for it. */
  offer(slot: Slot<C>, now: number): boolean {
    if (this.policy.phase !== 'running' || slot.id !== 0 || this.policy.room <= 0) return false
    slot.proven = true
    this.#enter(slot, now)
    this.policy.pump(now)
    return true
  }

  /** A connection could not be opened, or stopped opening as it was told. */
  openFailed(slot: Slot<C>, failureClass: FailureClass, error: unknown, now: number): void {
    if (slot.state !== 'opening' && slot.state !== 'aborting') return
    const wanted = slot.state === 'opening'
    this.#roster.remove(slot)
    if (wanted) this.moves.dialFailed(slot, failureClass, error, now)
    this.policy.pump(now)
  }

  /** A connection died by itself, or received what nobody asked for (`dirty`). */
  died(
    slot: Slot<C>,
    failureClass: FailureClass,
    error: unknown,
    now: number,
    reason: 'died' | 'dirty' = 'died',
  ): void {
    if (slot.state === 'aborting' || slot.state === 'closing' || slot.state === 'closed') return
    if (slot.state === 'opening') this.moves.giveUp(slot, failureClass, error, now)
    else this.moves.close(slot, reason, now, error, failureClass)
    this.policy.pump(now)
  }

  /** A connection answered a probe, or did not. */
  probed(
    slot: Slot<C>,
    lives: boolean,
    failureClass: FailureClass,
    error: unknown,
    now: number,
  ): void {
    if (slot.state !== 'probing') return
    if (!lives) this.moves.probeFailed(slot, failureClass, error, now)
    else {
      this.moves.answered()
      if (!this.policy.handOver(slot, now)) {
        if (slot.upkeep) this.#backToIdle(slot, now)
        else this.#roster.shelve(slot)
      }
    }
    this.policy.pump(now)
  }

  /** A connection is clean again, or cannot be made so (law 16). */
  resetDone(slot: Slot<C>, clean: boolean, error: unknown, now: number): void {
    if (slot.state !== 'resetting') return
    if (clean) this.#settleIn(slot, now)
    else this.moves.resetFailed(slot, error, now)
    this.policy.pump(now)
  }

  /** A connection is destroyed. */
  closed(slot: Slot<C>, now: number): void {
    if (slot.state !== 'closing') return
    this.moves.depart(slot, slot.fate ?? 'destroyed')
    this.policy.pump(now)
  }

  /** The sockets were polled since a turn was asked for. */
  refreshed(now: number): void {
    this.moves.freshness.polled(now)
    this.policy.pump(now)
    this.moves.freshness.served()
  }

  /** The turn in which the sockets were polled is over. */
  turnOver(): void {
    this.moves.freshness.over()
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────

  /** The end of a turn of the loop: those that came to rest in it are stamped and watched. */
  settle(now: number): void {
    this.#roster.settle(now, this.#parked)
    this.policy.pump(now)
  }

  /** When `elapse` has to be called next; Infinity when never. */
  nextDue(): number {
    const roster = this.#roster
    const limits = this.#limits
    const { queue, readiness } = this.moves
    return Math.min(
      queue.nextDue,
      readiness.nextDue,
      this.policy.nextDue,
      this.policy.phase === 'closing' ? this.#closeBy : Infinity,
      roster.retirement.at,
      roster.upkeep.at,
      roster.probation.at,
      endOf(roster.opening, limits.createTimeoutMs),
      endOf(roster.aborting, limits.destroyTimeoutMs),
      endOf(roster.probing, limits.probeTimeoutMs),
      endOf(roster.resetting, limits.resetTimeoutMs),
      endOf(roster.closing, limits.destroyTimeoutMs),
    )
  }

  /** Does what is due. Work follows what is due, not what is there (law 25). */
  elapse(now: number): void {
    const { moves } = this
    const roster = this.#roster
    const limits = this.#limits
    for (const queue of [moves.queue, moves.readiness]) {
      for (let left = EXPIRE_AT_ONCE; left > 0; left--) {
        const waiter = queue.expired(now)
        if (waiter === null) break
        moves.turnAway(waiter, 'timeout', now)
      }
    }
    eachOverdue(roster.aborting, limits.destroyTimeoutMs, now, (slot) => roster.remove(slot))
    eachOverdue(roster.opening, limits.createTimeoutMs, now, (slot) =>
      moves.giveUp(slot, 'backend', undefined, now),
    )
    eachOverdue(roster.probing, limits.probeTimeoutMs, now, (slot) =>
      moves.probeFailed(slot, 'backend', undefined, now),
    )
    eachOverdue(roster.resetting, limits.resetTimeoutMs, now, (slot) =>
      moves.resetFailed(slot, undefined, now),
    )
    eachOverdue(roster.closing, limits.destroyTimeoutMs, now, (slot) =>
      moves.depart(slot, slot.fate ?? 'destroyed'),
    )
    for (let first = roster.retirement.first; first !== null && first.dueAt <= now; ) {
      roster.retirement.remove(first)
      roster.condemn(first.owner, 'lifetime')
      first = roster.retirement.first
    }
    for (let first = roster.upkeep.first; first !== null && first.dueAt <= now; ) {
      moves.probe(first.owner, true, now)
      first = roster.upkeep.first
    }
    for (let first = roster.probation.first; first !== null && first.dueAt <= now; ) {
      moves.prove(first.owner)
      first = roster.probation.first
    }
    if (this.#closeBy <= now) this.#endGrace(now)
    this.policy.pump(now)
  }

  // ── Steering ──────────────────────────────────────────────────────────────────────────────────

  /** Opens what `min` and `minIdle` ask for. */
  start(now: number): void {
    this.policy.pump(now)
  }

  resize(min: number, max: number, now: number): void {
    this.policy.min = min
    this.policy.max = max
    this.policy.pump(now)
  }

  /** Every connection there is, and every dial, is stale from now on (law 17). */
  invalidate(now: number): void {
    if (this.policy.phase !== 'running') return
    this.generation++
    this.moves.evacuate('invalidated', now)
    this.policy.pump(now)
  }

  pause(now: number): void {
    this.policy.paused = this.policy.phase === 'running'
    this.policy.pump(now)
  }

  resume(now: number): void {
    this.policy.paused = false
    this.policy.pump(now)
  }

  /** Law 18. What is lent may stay until `closeBy`; called again, the sooner end counts. */
  close(closeBy: number, now: number): void {
    if (this.policy.phase === 'closed') return
    this.#closeBy = Math.min(this.#closeBy, closeBy)
    if (this.policy.phase === 'running') {
      this.policy.phase = 'closing'
      this.policy.paused = false
      this.policy.steady = false
      this.moves.turnAwayAll('closed', now)
      this.moves.evacuate('shutdown', now)
    }
    if (this.#closeBy <= now) this.#endGrace(now)
    this.policy.pump(now)
  }

  // ──────────────────────────────────────────────────────────────────────────────────────────────

  /** A connection enters the pool: to the next waiter or idle. */
  #enter(slot: Slot<C>, now: number): void {
    this.moves.admit(slot, now)
    if (slot.state === 'idle') this.policy.handOver(slot, now)
  }

  /** Why an acquire may not even queue, or null. Notes whether the freshness turn may serve it. */
  #refusalOf(waiter: Waiter<W>, deadline: number, now: number): Refusal | null {
    const { moves, policy } = this
    if (policy.phase !== 'running') return 'closed'
    const slot = this.#roster.candidate
    const spare = this.#roster.lendable - moves.queue.size
    if (!policy.paused && slot !== null && !moves.needsProbe(slot, now)) {
      if (slot.state === 'lent' || spare > 0) waiter.turn = moves.freshness.turn
    }
    if (waiter.turn >= 0) return null
    if (deadline === -Infinity) return 'timeout'
    const ahead = policy.paused ? moves.queue.size : -spare
    return ahead >= this.#limits.maxWaiters ? 'full' : null
  }

  /** Returned and clean: closed if it is to go, else to the next waiter or idle. */
  #settleIn(slot: Slot<C>, now: number): void {
    const alwaysProbed = this.#limits.probes && this.#limits.probeAfterIdleMs === 0
    if (slot.fate !== null) this.moves.close(slot, slot.fate, now)
    else if (this.policy.surplus) this.moves.close(slot, 'resized', now)
    else if (alwaysProbed || !this.policy.handOver(slot, now)) this.#roster.shelve(slot)
  }

  /** A background probe is no use: the connection goes on with its idle spell. */
  #backToIdle(slot: Slot<C>, now: number): void {
    this.#roster.reshelve(slot, now)
    this.moves.effects.parked(slot)
  }

  /** The grace is over: what is still lent is taken from its holders. */
  #endGrace(now: number): void {
    this.#closeBy = Infinity
    const { lent, leaving } = this.#roster
    if (this.#roster.inUse === 0) return
    this.moves.tally.closeTimeouts++
    this.moves.effects.graceOver()
    this.moves.closeAll([...lent.toArray(), ...leaving.toArray()], 'shutdown', now)
  }

  readonly #parked = (slot: Slot<C>): void => this.moves.effects.parked(slot)
}

/** When the oldest of a list will have been in its state for too long. */
function endOf<C>(list: List<Slot<C>>, timeoutMs: number): number {
  return list.first === null ? Infinity : list.first.since + timeoutMs
}

/** Takes those that were in their state for too long, oldest first; `act` must take each out of it. */
function eachOverdue<C>(
  list: List<Slot<C>>,
  timeoutMs: number,
  now: number,
  act: (slot: Slot<C>) => void,
): void {
  while (list.first !== null && list.first.since + timeoutMs <= now) act(list.first)
}
