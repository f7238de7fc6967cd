import type { AsyncResource } from 'node:async_hooks'

/** The longest delay that the system's timers take, in ms: 24 days. With a longer one they ring at once. */
export const LONGEST_TIMER_MS: number = 2 ** 31 - 1

/** A timer that was set. */
export interface Timer {
  /** Holds the process until it rings. */
  ref(): void
  /** Does not hold the process. */
  unref(): void
  /** Cancels it. */
  close(): void
}

/** Where the pool takes its time from. */
export interface Clock {
  /** Monotonic time in ms, fractions allowed. Wall-clock time would break deadlines when it jumps (law 23). */
  now(): number
  /**
   * How the pool has itself woken, once; the system's timers when absent. `delayMs` is a whole number
   * from 1 to 2^31 - 1. The timer holds the process until it is told `unref`.
   */
  setTimeout?(wake: () => void, delayMs: number): Timer
  /** How the pool yields to the event loop; the system's immediates when absent. It holds the process. */
  setImmediate?(wake: () => void): void
}

/**
 * The same clock, whose wake-ups belong to `root`: one that was set in a request's context would run
 * in it, and keep its AsyncLocalStorage stores until then, which may be long.
 */
export function rooted(clock: Required<Clock>, root: AsyncResource): Required<Clock> {
  const { now, setTimeout, setImmediate } = clock
  return {
    now,
    setTimeout: (wake, delayMs) => root.runInAsyncScope(setTimeout, undefined, wake, delayMs),
    setImmediate: (wake) => root.runInAsyncScope(setImmediate, undefined, wake),
  }
}

/** The system's monotonic clock and timers. */
export const systemClock: Required<Clock> = {
  now: () => performance.now(),
  setTimeout: (wake, delayMs) => {
    const timeout = setTimeout(wake, delayMs)
    return {
      ref: () => timeout.ref(),
      unref: () => timeout.unref(),
      close: () => clearTimeout(timeout),
    }
  },
  setImmediate: (wake) => {
    setImmediate(wake)
  },
}
