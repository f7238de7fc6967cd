import type { Limits } from './limits.ts'
import type { Moves } from './moves.ts'
import type { Policy } from './policy.ts'
import type { Roster } from './roster.ts'
import type { Slot } from './slot.ts'
import type { Waiter } from './waiter.ts'

/**
 * The events that need no clock and from which nothing follows that Policy would have to see to, which
 * most are. What is needed for that is known beforehand (`Footing`) or looked at here; where it is not so
 * the answer is no, nothing has changed, and the machine's own event does it all.
 */
export class FastPath<C> {
  readonly #moves: Moves<C>
  readonly #policy: Policy<C>
  readonly #roster: Roster<C>
  readonly #limits: Limits
  /** More is to be minded before an idle one is lent than whether it is fit. */
  readonly #minds: boolean
  /** What comes back may go on to somebody else as it is. */
  readonly #handsOn: boolean

  constructor(moves: Moves<C>, policy: Policy<C>) {
    const { limits, roster } = moves
    this.#moves = moves
    this.#policy = policy
    this.#roster = roster
    this.#limits = limits
    const { resets, probes, probeAfterIdleMs } = limits
    this.#minds = limits.minIdle > 0 || probes
    this.#handsOn = !resets && !(probes && probeAfterIdleMs === 0)
  }

  /**
   * Lends anew what came back in this turn, which nobody has to be told of at its end,
   * as long as it is fit; or answers null.
   */
  retake(): Slot<C> | null {
    const slot = this.#policy.footing === 'steady' ? this.#roster.warm : null
    if (slot === null || this.#minds || slot.uses + 1 >= this.#limits.maxUses) return null
    if (!this.#moves.effects.fit(slot)) return null
    this.#moves.tally.acquires++
    this.#moves.tally.hits++
    this.#roster.lendWarm(slot)
    return slot
  }

  /**
   * Lends what needs no clock to be lent, and is fit (laws 14 and 15); or answers null.
   * `unpolled`: also one that was parked in an earlier turn of the loop and may have died since.
   */
  take(unpolled: boolean): Slot<C> | null {
    const slot = this.#policy.footing === 'steady' ? this.#roster.candidate : null
    if (slot === null || slot.uses + 1 >= this.#limits.maxUses) return null
    if (slot.state === 'idle') {
      if (slot.stamped && !unpolled && !this.#moves.freshness.inTurn) return null
      if (this.#minds && this.#isMinded(slot)) return null
    }
    if (!this.#moves.effects.fit(slot)) return null
    this.#moves.tally.acquires++
    this.#moves.lend(slot)
    return slot
  }

  /** An idle one is needed in reserve, or has to be probed. */
  #isMinded(slot: Slot<C>): boolean {
    const { minIdle, probes, probeAfterIdleMs } = this.#limits
    return this.#roster.unused <= minIdle || (probes && (slot.stamped || probeAfterIdleMs === 0))
  }

  /** One who has to wait while others do. Answers false when there is more to it. */
  join(waiter: Waiter): boolean {
    const { queue, freshness, tally } = this.#moves
    if (this.#policy.footing !== 'loaded' || waiter.turnOnly) return false
    if (queue.size >= this.#limits.maxWaiters) return false
    tally.acquires++
    waiter.turn = freshness.turnFor(true)
    queue.enqueue(waiter)
    return true
  }

  /**
   * A clean release that owes nothing to anybody, or all of it to one who came in this turn. Answers
   * false when it is neither.
   */
  giveBack(slot: Slot<C>, idleForMs: number): boolean {
    const { footing } = this.#policy
    if (footing === 'unsure' || slot.fate !== null || !slot.proven) return false
    if (slot.leases === 0) return false
    if (footing === 'loaded') {
      const waiter = this.#moves.queue.plain
      return waiter?.since === null && this.#handOn(slot, waiter, 0)
    }
    if (slot.leases === 1) {
      if (this.#limits.resets || this.#roster.unused >= this.#policy.maxIdle) return false
      slot.idleForMs = idleForMs
      this.#roster.endLease(slot)
      this.#roster.shelve(slot)
    } else this.#roster.endLease(slot)
    this.#moves.tally.releases++
    return true
  }

  /** A clean release to somebody who waits, and is not late. Answers false when there is more to it. */
  pass(slot: Slot<C>, now: number): boolean {
    if (this.#policy.footing !== 'loaded' || slot.fate !== null || !slot.proven) return false
    const waiter = this.#moves.queue.plain
    if (slot.leases === 0 || waiter === null || waiter.dueAt <= now) return false
    return this.#handOn(slot, waiter, waiter.waitedMs(now))
  }

  /** While others still wait after him: nothing follows from it. */
  #handOn(slot: Slot<C>, waiter: Waiter, waitedMs: number): boolean {
    const moves = this.#moves
    if (!this.#handsOn || slot.uses + 1 >= this.#limits.maxUses) return false
    if (moves.queue.size === 1 || !moves.effects.fit(slot)) return false
    moves.handOn(waiter, slot, waitedMs)
    return true
  }
}
