import type { Backoff, BackoffLimits, FailureClass } from '../../../src/core/backoff.ts'
import type { Connection } from './connection.ts'

/** Two times, and all between them. */
export type Range = readonly [from: number, to: number]

export const ALWAYS: Range = [-Infinity, Infinity]

/**
 * What the world remembers of failed dials, by docs/failures.md: the class that stands, the failed
 * steps in a row, and the end of the delay. Chance has a part in the delay, so its end is read from
 * the machine; by how much it may differ is said here.
 */
export class Trouble {
  readonly #limits: BackoffLimits
  standing: FailureClass | null = null
  failures = 0
  until = -Infinity
  /** Failed steps counted so far. */
  steps = 0

  constructor(limits: BackoffLimits) {
    this.#limits = limits
  }

  delaying(now: number): boolean {
    return now < this.until
  }

  /** Whether the standing class dooms those who wait while nothing is open. */
  get dooming(): boolean {
    const { standing, failures } = this
    return (
      standing === 'config' || (standing === 'backend' && failures >= this.#limits.failFastAfter)
    )
  }

  /** A dial failed, or a connection as early. Answers whether a delay begins. */
  fail({ step }: Connection, failureClass: FailureClass): boolean {
    const isNews = step === this.steps
    if (isNews || this.standing !== null) this.standing = failureClass
    if (!isNews) return false
    this.steps++
    this.failures++
    return true
  }

  /** Between which times the delay may end that begins now. */
  range(now: number): Range {
    const { initialMs, maxMs, factor, jitter } = this.#limits
    const longest = Math.min(maxMs, initialMs * factor ** (this.failures - 1))
    return [now + Math.max(1, longest * (1 - jitter)), now + Math.max(1, longest)]
  }

  adopt({ standing, failures, until, delaying }: Backoff): void {
    this.standing = standing
    this.failures = failures
    this.until = delaying ? until : -Infinity
  }

  succeed(): void {
    this.standing = null
    this.failures = 0
    this.until = -Infinity
  }
}
