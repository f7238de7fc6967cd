import type { FailureClass } from '../../../src/core/backoff.ts'
import type { Moment } from './loop.ts'
import type { Settings } from './scenario.ts'

/** What an onlooker can know of the pool's memory of failed dials: its delays are known but for their jitter. */
export class Trouble {
  readonly #settings: Settings
  standing: FailureClass | null = null
  failures = 0
  step = 0
  /** The running delay ends between these two. */
  fromMs: number = -Infinity
  byMs: number = -Infinity
  /** Time leapt over what would tell whether an end was early. */
  unsure = false
  /** The last turn in which acquires could be refused. */
  doomedTurn = -Infinity

  constructor(settings: Settings) {
    this.#settings = settings
  }

  get dooming(): boolean {
    const { failFastAfter } = this.#settings
    return (
      this.standing === 'config' || (this.standing === 'backend' && this.failures >= failFastAfter)
    )
  }

  /** A dial of `step` failed. */
  fail(step: number, failureClass: FailureClass, at: Moment, turn: number): void {
    if (this.dooming) this.doomedTurn = turn
    if (step === this.step || this.standing !== null) this.standing = failureClass
    if (step !== this.step) return
    this.step++
    this.failures++
    const { initialMs, maxMs, jitter } = this.#settings
    const delayMs = Math.min(maxMs, initialMs * 2 ** (this.failures - 1))
    this.fromMs = at.fromMs + Math.max(1, delayMs * (1 - jitter))
    this.byMs = at.toMs + delayMs
  }

  succeed(turn: number): void {
    if (this.dooming) this.doomedTurn = turn
    this.standing = null
    this.failures = 0
    this.unsure = false
    this.fromMs = this.byMs = -Infinity
  }
}
