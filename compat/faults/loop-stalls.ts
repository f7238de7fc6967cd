const BEAT_MS = 5

interface Stall {
  readonly from: number
  readonly to: number
}

/**
 * When the event loop stood still: because a callback was long, or the machine was busy with others. A timer that beats
 * every 5 ms tells by being late.
 */
export class LoopStalls {
  readonly #stalls: Stall[] = []
  readonly #timer: NodeJS.Timeout
  #due = performance.now() + BEAT_MS

  constructor() {
    this.#timer = setInterval(() => this.#beat(), BEAT_MS)
  }

  /** For how long it stood still in that time, in ms. What goes on is known at the next beat only. */
  between(from: number, to: number): number {
    return this.#stalls.reduce(
      (sum, stall) => sum + Math.max(0, Math.min(to, stall.to) - Math.max(from, stall.from)),
      0,
    )
  }

  /** For how long it stood still from then on, if it did then, in ms. */
  after(at: number): number {
    const stall = this.#stalls.find(({ from, to }) => from <= at && at < to)
    return stall === undefined ? 0 : stall.to - at
  }

  get longestMs(): number {
    return this.#stalls.reduce((longest, { from, to }) => Math.max(longest, to - from), 0)
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  #beat(): void {
    const now = performance.now()
    // Node's timers are late by a millisecond as a matter of course.
    if (now - this.#due > 1) this.#stalls.push({ from: this.#due, to: now })
    this.#due = now + BEAT_MS
  }
}
