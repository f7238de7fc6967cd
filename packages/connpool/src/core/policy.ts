import type { Limits } from './limits.ts'
import type { Moves } from './moves.ts'
import { EXPIRE_AT_ONCE } from './queue.ts'
import type { Roster } from './roster.ts'
import type { Slot } from './slot.ts'
import type { Waiter } from './waiter.ts'

/** What is known to hold until the next event that changes it. */
export type Footing =
  /** It lends and nobody waits; nothing is surplus or aged. */
  | 'steady'
  /** Every place is taken, nothing can be lent, and some wait: all that can come of a release is a grant. */
  | 'loaded'
  | 'unsure'

/**
 * What follows from an event: how many are dialled, who is served or refused, which connection is
 * surplus, excess or retired. It makes the laws hold again: trim, serve, retire, doom, dial, in this
 * order, and again while the world calls back in between. No event has a logic of its own for what
 * follows from it. Laws are numbered as in docs/laws.md; the failure table is in docs/failures.md.
 */
export class Policy<C> {
  phase: 'running' | 'closing' | 'closed' = 'running'
  paused = false
  min = 0
  max = 0
  /** How many may idle while nobody waits. */
  maxIdle = 0
  /** Nothing is open, and the class that stands refuses those who wait while a delay runs. */
  unavailable = false
  /** What the fast paths may rely on. */
  footing: Footing = 'unsure'

  readonly #moves: Moves<C>
  readonly #limits: Limits
  readonly #roster: Roster<C>
  /** Those who wait for the freshness turn only. */
  readonly #turnOnly: Waiter[] = []
  #pumping = false
  #again = false

  constructor(moves: Moves<C>) {
    this.#moves = moves
    this.#limits = moves.limits
    this.#roster = moves.roster
    this.resize(moves.limits.min, moves.limits.max)
  }

  resize(min: number, max: number): void {
    this.min = min
    this.max = max
    this.maxIdle = Math.min(this.#limits.maxIdle ?? max, max)
  }

  get surplus(): boolean {
    return this.#roster.serving > this.max
  }

  /** Places for dials (law 3). */
  get room(): number {
    return this.max - this.#roster.taken
  }

  /** Connections owed to those who wait, `minIdle` and `min` (law 7). What has a fate counts for none. */
  get need(): number {
    return Math.max(this.#shortage, this.min - this.#roster.sound)
  }

  /** The part of `need` that waiters and `minIdle` ask for. */
  get #shortage(): number {
    const { idle, coming } = this.#roster
    const waiting = Math.ceil(this.#moves.queue.demand / this.#limits.maxLeases)
    return waiting + this.#limits.minIdle - idle.size - coming
  }

  /** Neither paused nor closing: only then it lends and dials (law 18). */
  get active(): boolean {
    return this.phase === 'running' && !this.paused
  }

  /** Dials are allowed at all; a delay may run. */
  get #dials(): boolean {
    return this.#limits.dials && this.active
  }

  /** Law 22: nothing retires by idleness while someone waits, nor below `min` and `minIdle`. */
  get #mayIdleOut(): boolean {
    const { idle, sound } = this.#roster
    return this.#moves.queue.size === 0 && idle.size > this.#limits.minIdle && sound > this.min
  }

  /** Whoever waits now is turned away. Asked anew for each, since the world may answer in between. */
  get #dooms(): boolean {
    const { serving, opening } = this.#roster
    const { backoff } = this.#moves
    const hope = this.paused || serving > 0 || opening.size > 0
    return !hope && backoff.delaying && backoff.dooming
  }

  /** When something is next due by itself; Infinity when never. */
  get nextDue(): number {
    const owed = this.#dials && this.need > 0
    return Math.min(
      this.#mayIdleOut ? this.#roster.idleOutAt : Infinity,
      owed ? this.#moves.backoff.until : Infinity,
    )
  }

  /** Law 19: who calls back in the middle is heard, and what follows from it comes after. */
  pump(now: number): void {
    if (this.#pumping) {
      this.#again = true
      return
    }
    this.#pumping = true
    this.footing = 'unsure'
    try {
      do {
        this.#again = false
        if (this.phase === 'running') this.#restore(now)
      } while (this.#again)
    } finally {
      this.#pumping = false
    }
    this.footing = this.#found()
    if (this.phase === 'closing' && this.#roster.taken === 0) {
      this.phase = 'closed'
      this.#moves.effects.drained()
    }
  }

  #found(): Footing {
    const { aged, candidate } = this.#roster
    if (!this.active || this.surplus || aged.size > 0) return 'unsure'
    if (this.#moves.queue.size === 0) return 'steady'
    return this.room <= 0 && candidate === null ? 'loaded' : 'unsure'
  }

  /** Minds one who is turned away unless the freshness turn serves it. */
  awaitTurn(waiter: Waiter): void {
    this.#turnOnly.push(waiter)
  }

  /** Straight to the next waiter, or closed if it is not fit. Answers false when nobody is served. */
  handOver(slot: Slot<C>, now: number): boolean {
    const waiter = this.active ? this.#nextWaiter(now) : null
    if (waiter === null) return false
    if (this.#moves.ensureFit(slot, now)) this.#moves.grant(waiter, slot, waiter.waitedMs(now))
    return true
  }

  #restore(now: number): void {
    this.#moves.backoff.elapse(now)
    this.#trim(now)
    this.#serve(now)
    this.#expireTurnOnly(now)
    this.#retire(now)
    this.#doom(now)
    this.#dial(now)
    this.#tellReady()
  }

  /** Surplus dials are aborted first, then idle ones close; lent ones close on return. */
  #trim(now: number): void {
    const { opening } = this.#roster
    while (this.#roster.serving + opening.size > this.max) {
      const { expendable } = this.#roster
      if (opening.last !== null) this.#moves.abort(opening.last, now)
      else if (expendable !== null) this.#moves.close(expendable, 'resized', now)
      else if (!this.#condemnShared()) break
    }
  }

  /** A shared one may never be without leases: one that is too many is lent no more. */
  #condemnShared(): boolean {
    const { lent, leaving, serving } = this.#roster
    const surplus = this.#limits.maxLeases > 1 && serving - leaving.size > this.max
    if (!surplus || lent.last === null) return false
    this.#roster.condemn(lent.last, 'resized')
    return true
  }

  /** Law 6: someone waits or something lendable idles, never both, but for a turn or a probe. */
  #serve(now: number): void {
    const { queue } = this.#moves
    while (!this.paused) {
      const slot = this.#roster.candidate
      const waiter = slot === null ? null : this.#nextWaiter(now)
      if (slot === null || waiter === null) return
      const rested = slot.state === 'idle' && slot.stamped
      // A probe polls the sockets as well: it needs no turn before it.
      if (this.#moves.needsProbe(slot, now)) {
        if (waiter.turnOnly) this.#moves.turnAway(waiter, 'timeout', now)
        else if (this.#roster.probing.size >= queue.size) return
        else if (this.#moves.ensureFit(slot, now)) this.#moves.probe(slot, false, now)
        continue
      }
      const served = rested ? this.#refreshed(waiter, now) : waiter
      if (served === null) return this.#askTurn(queue.oldest() ?? waiter)
      if (this.#moves.ensureFit(slot, now)) this.#moves.grant(served, slot, served.waitedMs(now))
    }
  }

  /**
   * Law 14: who is served with one that rested, when it is `next`'s turn. Where that one came too late
   * for the last poll it is the oldest who did not, lest those who keep coming starve everybody.
   */
  #refreshed(next: Waiter, now: number): Waiter | null {
    const { queue, freshness } = this.#moves
    if (freshness.holds(next.turn, now)) return next
    for (let left = EXPIRE_AT_ONCE; left > 0; left--) {
      const oldest = queue.oldest()
      if (oldest === null || !freshness.holds(oldest.turn, now)) return null
      if (oldest.dueAt > now) return oldest
      this.#moves.turnAway(oldest, 'timeout', now)
    }
    return null
  }

  /** Law 9: who is past the deadline is turned away instead, also when the alarm is late. */
  #nextWaiter(now: number): Waiter | null {
    for (let left = EXPIRE_AT_ONCE; left > 0; left--) {
      const waiter = this.#moves.queue.next(now)
      if (waiter === null || waiter.dueAt > now) return waiter
      this.#moves.turnAway(waiter, 'timeout', now)
    }
    return null
  }

  /** Has the sockets polled for one who came while others did, and for whom something rests. */
  askTurnFor(waiter: Waiter, now: number): void {
    const rests = this.#roster.candidate?.stamped && this.#roster.candidate.state === 'idle'
    if (rests && !this.#moves.freshness.holds(waiter.turn, now)) this.#askTurn(waiter)
  }

  /** Has the sockets polled for one who waits, unless that is under way. */
  #askTurn(waiter: Waiter): void {
    const { freshness, effects } = this.#moves
    if (freshness.isAwaited(waiter.turn)) return
    freshness.ask()
    effects.turn()
  }

  #expireTurnOnly(now: number): void {
    const waiters = this.#turnOnly
    if (waiters.length === 0) return
    const { freshness } = this.#moves
    // In order: who came after one whose turn is under way is not too late either.
    const kept = waiters.findIndex(({ queued, turn }) => queued && freshness.isUnderWay(turn))
    for (const waiter of waiters.splice(0, kept < 0 ? waiters.length : kept)) {
      if (waiter.queued) this.#moves.turnAway(waiter, 'timeout', now)
    }
  }

  /**
   * Idle ones over `maxIdle` go, once all who wait are served; then law 22. Make before break: an aged
   * one goes when it is needed no more. At max, where there is no room to make, one is broken at a
   * time, and none while those who wait could use it or dials fail.
   */
  #retire(now: number): void {
    const { aged, opening, aborting, closing } = this.#roster
    const waited = this.#moves.queue.size > 0
    while (this.#roster.lendable > Math.max(this.maxIdle, this.#moves.queue.size)) {
      const { expendable } = this.#roster
      if (expendable === null) break
      this.#moves.close(expendable, 'excess', now)
    }
    while (aged.first !== null && (this.need <= 0 || (!this.#limits.dials && !waited))) {
      this.#moves.close(aged.first, aged.first.expiry, now)
    }
    const underway = opening.size + aborting.size + closing.size
    const canReplace = this.#dials && !this.#moves.backoff.delaying && this.room <= 0
    if (aged.first !== null && canReplace && underway === 0 && !waited) {
      this.#moves.close(aged.first, aged.first.expiry, now)
    }
    while (this.#mayIdleOut) {
      const slot = this.#roster.idledOut(now)
      if (slot === null) return
      this.#moves.close(slot, 'idle', now)
    }
  }

  /** Law 11: turned away are exactly those whom the failure table dooms. */
  #doom(now: number): void {
    const { backoff, effects } = this.#moves
    const unavailable = this.#roster.serving === 0 && backoff.dooming
    if (unavailable !== this.unavailable) {
      this.unavailable = unavailable
      effects.availability(!unavailable)
    }
    while (this.#dooms) {
      const { queue, named, readiness } = this.#moves
      const waiter = queue.oldest() ?? named.oldest() ?? readiness.oldest()
      if (waiter === null) return
      this.#moves.turnAway(waiter, backoff.standing === 'config' ? 'config' : 'unavailable', now)
    }
  }

  /** Laws 4 and 7. While a failure class stands, one dial at a time (law 20). */
  #dial(now: number): void {
    const { backoff, queue } = this.#moves
    const { opening } = this.#roster
    let extra = 0
    while (this.#dials && !backoff.delaying && this.room > 0) {
      const most = backoff.standing === null ? this.#limits.maxConnecting : 1
      if (opening.size >= most) return
      if (opening.size < this.need) {
        const forWaiters = queue.demand > 0 && opening.size < this.#shortage
        if (forWaiters) extra = this.#limits.increment - 1
      } else {
        if (extra === 0) return
        extra--
      }
      this.#moves.dial(now)
    }
  }

  #tellReady(): void {
    const { readiness, effects } = this.#moves
    while (this.#roster.sound >= this.min) {
      const waiter = readiness.oldest()
      if (waiter === null) return
      readiness.leave(waiter)
      effects.ready(waiter)
    }
  }
}
