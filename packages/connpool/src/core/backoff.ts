/**
 * What kind of trouble a failed dial is.
 * - `config`: will not pass by itself: a name that never resolved, a bad certificate, a wrong password.
 * - `local`: this machine is short of something: descriptors, ports, buffers.
 * - `overload`: the backend lives and says that it has too many connections.
 * - `backend`: refused, reset, timed out, and whatever nobody classifies.
 */
export type FailureClass = 'config' | 'local' | 'overload' | 'backend'

/** How long to wait between trial dials, and when to stop letting callers wait. */
export interface BackoffLimits {
  /** Delay after the first failed step, in ms. 1 or more; default 100. */
  readonly initialMs: number
  /** Longest delay, in ms. `initialMs` or more, or Infinity; default 5,000. */
  readonly maxMs: number
  /** Each further failed step in a row multiplies the delay by this. 1 or more; default 2. */
  readonly factor: number
  /** Part of the delay that is drawn at random and taken off; 1 ms is always left. 0 to 1; default 1. */
  readonly jitter: number
  /**
   * Failed steps in a row after which class `backend` refuses acquires while nothing is open, instead
   * of letting them wait. 1 or more; Infinity: never. Default 5.
   */
  readonly failFastAfter: number
}

/** No delay is shorter, in ms, whatever chance says: without one a dial that fails at once spins. */
const SHORTEST_MS = 1

/**
 * The pool's memory of failed dials: which class stands, how many steps failed in a row, and the
 * delay before the next trial (law 20). A delay belongs to the pool, never to a waiter; whom it dooms
 * says the failure table (law 11).
 *
 * A step is what was dialled since the last counted failure: parallel dials that fail in one step
 * count once, the latest class wins, and any success clears all of it. Delays grow exponentially
 * with jitter, after M. Brooker, "Exponential Backoff And Jitter" (2015).
 */
export class Backoff {
  readonly #limits: BackoffLimits
  readonly #random: () => number
  /** The class that stands since the last success; null when dials are in order. */
  standing: FailureClass | null = null
  /** Failed steps in a row. */
  failures = 0
  /** Number of the present step. A dial is stamped with it when it begins. */
  step = 0
  /** When the running delay ends, in ms of the pool's clock; Infinity when none runs. */
  until: number = Infinity

  constructor(limits: BackoffLimits, random: () => number) {
    this.#limits = limits
    this.#random = random
  }

  /** True while no trial may begin. */
  get delaying(): boolean {
    return this.until !== Infinity
  }

  /** True when the standing class refuses those who wait while nothing is open. */
  get dooming(): boolean {
    return (
      this.standing === 'config' ||
      (this.standing === 'backend' && this.failures >= this.#limits.failFastAfter)
    )
  }

  /** A dial begun in `step` failed. A straggler of an earlier step is news only while a class stands. */
  fail(step: number, failureClass: FailureClass, now: number): void {
    if (step === this.step || this.standing !== null) this.standing = failureClass
    if (step !== this.step) return
    this.step++
    this.failures++
    this.until = now + this.#delay(this.failures)
  }

  /** A connection proved sound. */
  succeed(): void {
    this.standing = null
    this.failures = 0
    this.until = Infinity
  }

  /** Ends the delay when its time is over. */
  elapse(now: number): void {
    if (this.until <= now) this.until = Infinity
  }

  #delay(attempt: number): number {
    const { initialMs, maxMs, factor, jitter } = this.#limits
    const delay = Math.min(maxMs, initialMs * factor ** (attempt - 1))
    return Math.max(SHORTEST_MS, delay * (1 - jitter * this.#random()))
  }
}
