import type { Clock, Timer } from '../pool/clock.ts'

/** How a ManualClock starts. */
export interface ManualClockOptions {
  /** What `now()` answers at first, in ms. Default 0. */
  readonly startMs?: number
  /** Replaces the system's immediates, by which a pool yields to the event loop. */
  readonly setImmediate?: (wake: () => void) => void
}

interface Alarm {
  readonly dueMs: number
  readonly wake: () => void
  held: boolean
}

/** Turns of the loop after which a pool has done all that an event led to. */
const TURNS = 4

/**
 * A clock that stands still until the test moves it. Immediates stay the system's, so that promises
 * and turns of the event loop go on as ever.
 */
export class ManualClock implements Clock {
  readonly setImmediate?: (wake: () => void) => void
  #nowMs: number
  readonly #alarms = new Set<Alarm>()

  constructor(options: ManualClockOptions = {}) {
    this.#nowMs = options.startMs ?? 0
    if (options.setImmediate !== undefined) this.setImmediate = options.setImmediate
  }

  /** The time, in ms. */
  now(): number {
    return this.#nowMs
  }

  /** Timers that are set and have not rung. */
  get timers(): number {
    return this.#alarms.size
  }

  /** Those of them that would keep the process alive. */
  get heldTimers(): number {
    return [...this.#alarms].filter((alarm) => alarm.held).length
  }

  setTimeout(wake: () => void, delayMs: number): Timer {
    const alarm: Alarm = { dueMs: this.#nowMs + delayMs, wake, held: true }
    this.#alarms.add(alarm)
    return {
      ref: () => {
        alarm.held = true
      },
      unref: () => {
        alarm.held = false
      },
      close: () => {
        this.#alarms.delete(alarm)
      },
    }
  }

  /**
   * Moves the time by `ms`, at once. Timers that come due ring in order, each at its own time, those
   * set meanwhile included. A pool sets its alarm when a turn of the loop ends: `pass` waits for that.
   * @throws RangeError when `ms` is negative or no number.
   */
  advance(ms: number): void {
    const endMs = this.#endOf(ms)
    for (let next = this.#next(endMs); next !== null; next = this.#next(endMs)) this.#ring(next)
    this.#nowMs = endMs
  }

  /**
   * As `advance`, but lets the event loop turn before the first timer, after each, and at the end:
   * promises settle, and a pool sets its next alarm.
   * @throws RangeError when `ms` is negative or no number, by rejecting.
   */
  async pass(ms: number): Promise<void> {
    const endMs = this.#endOf(ms)
    await turnTheLoop()
    for (let next = this.#next(endMs); next !== null; next = this.#next(endMs)) {
      this.#ring(next)
      await turnTheLoop()
    }
    this.#nowMs = Math.max(this.#nowMs, endMs)
    await turnTheLoop()
  }

  #endOf(ms: number): number {
    if (!(ms >= 0)) throw new RangeError(`time cannot be moved by ${ms} ms`)
    return this.#nowMs + ms
  }

  /** The first that is due by `endMs`; of two at the same time the one that was set first. */
  #next(endMs: number): Alarm | null {
    let first: Alarm | null = null
    for (const alarm of this.#alarms) {
      if (alarm.dueMs <= endMs && (first === null || alarm.dueMs < first.dueMs)) first = alarm
    }
    return first
  }

  #ring(alarm: Alarm): void {
    this.#alarms.delete(alarm)
    this.#nowMs = Math.max(this.#nowMs, alarm.dueMs)
    alarm.wake()
  }
}

async function turnTheLoop(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise<void>((done) => setImmediate(done))
}
