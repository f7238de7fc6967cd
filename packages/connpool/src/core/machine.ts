import { Agenda } from './agenda.ts'
import type { FailureClass } from './backoff.ts'
import type { Diagnosis, Effects } from './effects.ts'
import { FastPath } from './fast-path.ts'
import type { Limits } from './limits.ts'
import { Moves } from './moves.ts'
import { Policy } from './policy.ts'
import type { Roster } from './roster.ts'
import type { CloseReason, Slot } from './slot.ts'
import type { Refusal, Waiter } from './waiter.ts'

/**
 * The pool as a pure machine: events in, answers out; no clock, no promise, no socket.
 *
 * Events are total: any may come in any state, and one that the state of its slot or waiter does not
 * allow is a no-op (law 13). What the state cannot tell, the shell does: a lease ends once, and the
 * answer to a probe is the answer to the last one. Each event changes what it is about; then Policy
 * decides what follows: what is dialled, lent, retired or refused. Times are in ms of the pool's clock.
 */
export class PoolMachine<C> {
  readonly moves: Moves<C>
  readonly policy: Policy<C>
  /** What most events come to, and nothing follows from. */
  readonly fast: FastPath<C>
  /** How often the pool was invalidated. */
  generation = 0

  readonly #agenda: Agenda<C>
  readonly #limits: Limits
  readonly #roster: Roster<C>
  /** Whoever waits for one connection in particular that is being probed for him. */
  readonly #probedFor = new WeakMap<Slot<C>, Waiter>()
  /** When the grace of a close that is under way ends. */
  #closeBy = Infinity

  constructor(limits: Limits, effects: Effects<C>, random: () => number) {
    this.moves = new Moves<C>(limits, effects, random)
    this.policy = new Policy<C>(this.moves)
    this.#agenda = new Agenda<C>(this.moves, this.policy)
    this.#limits = limits
    this.#roster = this.moves.roster
    this.fast = new FastPath<C>(this.moves, this.policy)
  }

  /** Somebody waits, so the process must not end. */
  get awaited(): boolean {
    const { queue, named, readiness } = this.moves
    const waiting = queue.size + named.size + readiness.size
    return waiting > 0 || this.policy.phase === 'closing'
  }

  // ── Borrowers ─────────────────────────────────────────────────────────────────────────────────

  /** Lends at once, without the turn that an acquire would wait for, what needs no probe; or null. */
  takeNow(now: number): Slot<C> | null {
    const { moves, policy } = this
    let taken: Slot<C> | null = null
    while (taken === null && moves.queue.size === 0 && policy.active) {
      const slot = this.#roster.candidate
      if (slot === null || moves.needsProbe(slot, now)) break
      if (!moves.ensureFit(slot, now)) continue
      moves.tally.acquires++
      moves.lend(slot)
      taken = slot
    }
    policy.pump(now)
    return taken
  }

  /** An acquire that the fast path did not serve. */
  request(waiter: Waiter, now: number): void {
    const { moves, policy } = this
    moves.tally.acquires++
    waiter.turn = moves.freshness.turnFor(moves.queue.size > 0)
    waiter.expected = this.#turnServes(now)
    const refusal = this.#refusalOf(waiter)
    if (refusal !== null) {
      moves.refuse(waiter, refusal)
      return
    }
    if (waiter.turnOnly) policy.awaitTurn(waiter)
    moves.queue.enqueue(waiter)
    if (waiter.expected) policy.askTurnFor(waiter, now)
    if (policy.footing !== 'loaded') policy.pump(now)
  }

  /** An acquire whose signal had aborted before it began. */
  abortedBefore(): void {
    const { tally } = this.moves
    tally.acquires++
    tally.aborts++
  }

  /**
   * Somebody waits for one connection in particular, which the world knows; null where there is none
   * yet. Where there is one he is served, or turned away if he is not patient, after a poll.
   */
  requestNamed(waiter: Waiter, slot: Slot<C> | null, now: number): void {
    const { moves, policy } = this
    moves.tally.acquires++
    waiter.expected = slot?.state === 'idle'
    waiter.turn = Infinity
    if (policy.phase !== 'running') moves.refuse(waiter, 'closed')
    else if (!waiter.expected && waiter.turnOnly) moves.refuse(waiter, 'timeout')
    else {
      moves.named.enqueue(waiter)
      policy.pump(now)
    }
  }

  /**
   * The connection that somebody waits for was polled, or has just opened or come back. It is his if it
   * idles and is fit, also ahead of those who take any.
   */
  serveNamed(waiter: Waiter, slot: Slot<C>, now: number): void {
    const { moves, policy } = this
    if (!waiter.queued) return
    if (policy.active && slot.state === 'idle') {
      const mayBeProbed = !waiter.turnOnly && moves.needsProbe(slot, now)
      if (!mayBeProbed) this.#grantNamed(waiter, slot, now)
      else if (moves.ensureFit(slot, now)) {
        this.#probedFor.set(slot, waiter)
        moves.probe(slot, false, now)
      }
    }
    if (waiter.queued && waiter.turnOnly) moves.turnAway(waiter, 'timeout', now)
    waiter.expected = false
    policy.pump(now)
  }

  /** Where it needs no probe, or had it. */
  #grantNamed(waiter: Waiter, slot: Slot<C>, now: number): void {
    const { moves } = this
    if (!waiter.queued || waiter.dueAt <= now || moves.needsProbe(slot, now)) return
    if (moves.ensureFit(slot, now)) moves.grant(waiter, slot, waiter.waitedMs(now))
  }

  /** Somebody waits for `min` to stand. */
  awaitReady(waiter: Waiter, now: number): void {
    if (this.policy.phase !== 'running') this.moves.refuse(waiter, 'closed')
    else {
      this.moves.readiness.enqueue(waiter)
      this.policy.pump(now)
    }
  }

  /** A waiter left. Answers false when it was settled already. */
  cancel(waiter: Waiter, now: number): boolean {
    if (!waiter.queued) return false
    this.moves.withdraw(waiter, now)
    this.policy.pump(now)
    return true
  }

  /**
   * Any other release. `unclean`: it must be reset before it is lent again; `unsent`: the last that was
   * written is not on its way yet, which is waited for even if it is to be closed then.
   */
  returned(slot: Slot<C>, idleForMs: number, unclean: boolean, unsent: boolean, now: number): void {
    if (slot.leases === 0) return
    if (!unsent && this.fast.pass(slot, now)) return
    this.moves.tally.releases++
    this.#roster.endLease(slot)
    if (slot.state === 'lent') this.moves.prove(slot)
    if (slot.state === 'lent' && slot.leases === 0) {
      slot.idleForMs = idleForMs
      const stays = slot.fate === null && !this.policy.surplus
      if (unsent || (unclean && stays)) this.moves.reset(slot, now)
      else this.#settleIn(slot, now)
    }
    this.policy.pump(now)
  }

  /** A release of a connection that is not fit to be kept. */
  returnedUnfit(slot: Slot<C>, { reason, error }: Diagnosis, now: number): void {
    if (slot.leases > 0) this.moves.tally.releases++
    this.discard(slot, reason, error, now)
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
    if (slot.state === 'lent') {
      this.moves.prove(slot)
      this.moves.detach(slot)
    }
    this.policy.pump(now)
  }

  // ── The world's answers ───────────────────────────────────────────────────────────────────────

  /** A connection opened. Answers false when it comes too late: it is then being destroyed (law 10). */
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

  /**
   * A connection that somebody else opened, for pools that are fed. Answers false when there is no
   * place for it.
   */
  offer(slot: Slot<C>, now: number): boolean {
    if (this.policy.phase !== 'running' || slot.id !== 0 || this.policy.room <= 0) return false
    slot.proven = true
    if (slot.bornAt === 0) slot.bornAt = now
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
      const claimant = this.#probedFor.get(slot)
      this.#probedFor.delete(slot)
      if (claimant !== undefined && this.policy.active) this.#grantNamed(claimant, slot, now)
      if (slot.state !== 'probing') {
        // He has it, or it was not fit.
      } else if (this.policy.surplus) this.moves.close(slot, 'resized', now)
      else if (!this.policy.handOver(slot, now)) {
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
    this.moves.departed(slot)
    this.policy.pump(now)
  }

  /** The sockets were polled since the first turn that is under way was asked for. */
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

  /**
   * The end of a turn of the loop. Connections that came to rest in it are stamped and watched, and
   * those who came to wait do so from now on: one look at the clock is for all of them.
   */
  settle(now: number): void {
    this.moves.freshness.seal()
    this.moves.queue.settle(now)
    this.moves.named.settle(now)
    this.moves.readiness.settle(now)
    this.#roster.settle(now, this.#parked)
    this.policy.pump(now)
  }

  /** When `elapse` has to be called next; Infinity when never. */
  nextDue(): number {
    const graceEnds = this.policy.phase === 'closing' ? this.#closeBy : Infinity
    return Math.min(this.#agenda.nextDue, graceEnds)
  }

  /** Does what is due. */
  elapse(now: number): void {
    this.#agenda.elapse(now)
    if (this.#closeBy <= now) this.#endGrace(now)
    this.policy.pump(now)
  }

  // ── Steering ──────────────────────────────────────────────────────────────────────────────────

  /** Opens what `min` and `minIdle` ask for. */
  start(now: number): void {
    this.policy.pump(now)
  }

  resize(min: number, max: number, now: number): void {
    this.policy.resize(min, max)
    this.policy.pump(now)
  }

  /** Every connection there is, and every dial, is stale from now on (law 17). */
  invalidate(now: number): void {
    if (this.policy.phase !== 'running') return
    this.generation++
    this.moves.evacuate('invalidated', now)
    this.policy.pump(now)
  }

  /**
   * Those open connections to which `isMeant` applies are to be replaced, each at a moment of its own
   * within `spreadMs`, as if its lifetime ended then.
   */
  expire(
    isMeant: (slot: Slot<C>) => boolean,
    expiry: CloseReason,
    spreadMs: number,
    now: number,
  ): void {
    if (this.policy.phase !== 'running') return
    this.moves.expire(isMeant, expiry, spreadMs, now)
    this.elapse(now)
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
      this.policy.footing = 'unsure'
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

  /** Leases that can be made and nobody waits for; below 0: those who wait for more than there are. */
  get #free(): number {
    const { lendable, seats } = this.#roster
    return lendable * this.#limits.maxLeases + seats.free - this.moves.queue.size
  }

  /** Whether one more acquire could be served by the freshness turn alone. */
  #turnServes(now: number): boolean {
    const slot = this.#roster.candidate
    if (!this.policy.active || slot === null || this.moves.needsProbe(slot, now)) return false
    return this.#free > 0
  }

  /** Why an acquire may not even queue, or null. */
  #refusalOf(waiter: Waiter): Refusal | null {
    if (this.policy.phase !== 'running') return 'closed'
    if (waiter.expected) return null
    if (waiter.turnOnly) return 'timeout'
    const ahead = this.policy.paused ? this.moves.queue.size : -this.#free
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
    const { lent, leaving, resetting } = this.#roster
    if (this.#roster.inUse > 0) {
      this.moves.tally.closeTimeouts++
      this.moves.effects.graceOver()
    }
    const left = [lent, leaving, resetting].flatMap((list) => list.toArray())
    this.moves.closeAll(left, 'shutdown', now)
  }

  readonly #parked = (slot: Slot<C>): void => this.moves.effects.parked(slot)
}
