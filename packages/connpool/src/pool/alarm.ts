import { type Clock, LONGEST_TIMER_MS, type Timer } from './clock.ts'

/** The shortest delay that the system's timers take, in ms. */
const SHORTEST_MS = 1

/**
 * The one timer of a pool. It is set to whatever is due first (law 12), and holds the process exactly
 * while somebody waits; where neither is so there is none (law 18).
 */
export class Alarm {
  readonly #clock: Required<Clock>
  readonly #ring: () => void
  #timer: Timer | null = null
  /** When the timer rings; it says nothing where there is none. */
  #at = Infinity
  #held = false

  constructor(clock: Required<Clock>, ring: () => void) {
    this.#clock = clock
    this.#ring = ring
  }

  /** Rings at `due`, or sooner, as for what a timer cannot wait for; `held` keeps the process alive. */
  set(due: number, held: boolean): void {
    if (due === Infinity && !held) {
      this.#clear()
      return
    }
    // An alarm that rings too soon costs a look; setting it anew each time costs more.
    if (this.#timer === null || due < this.#at) {
      this.#timer?.close()
      // Read anew: the callbacks of what was just done may have taken long.
      const now = this.#clock.now()
      const delayMs = Math.min(Math.max(Math.ceil(due - now), SHORTEST_MS), LONGEST_TIMER_MS)
      this.#at = now + delayMs
      this.#timer = this.#clock.setTimeout(this.#fire, delayMs)
      this.#held = true
    }
    if (held !== this.#held) {
      this.#held = held
      if (held) this.#timer.ref()
      else this.#timer.unref()
    }
  }

  #clear(): void {
    this.#timer?.close()
    this.#timer = null
  }

  readonly #fire = (): void => {
    this.#timer = null
    this.#ring()
  }
}
