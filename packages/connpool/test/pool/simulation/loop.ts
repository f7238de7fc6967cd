import type { Clock, Timer } from '../../../src/pool/clock.ts'

/** A moment that lies between two. */
export interface Moment {
  readonly fromMs: number
  readonly toMs: number
}

interface Bell {
  readonly dueMs: number
  readonly wake: () => void
  /** The pool's own; the others are the network's and the borrowers'. */
  readonly isPools: boolean
  held: boolean
}

/** Microtasks that pass without anything being seen: more than the pool ever chains in silence. */
const QUIET_MICROTASKS = 14
/** Timers ring at whole milliseconds, and never at once. */
const TICK_MS = 1
/** Rounds of the loop at one moment after which it will never come to rest. */
const MOST_ROUNDS = 200

/**
 * An event loop that the simulation turns: timers, then the poll for I/O, then immediates, with all
 * microtasks after each callback. Nothing in it waits, and time is a number.
 */
export class Loop implements Required<Clock> {
  #nowMs = 0
  #bells: Bell[] = []
  #immediates: (() => void)[] = []
  /** All microtasks have run since the last callback. */
  calm = true
  /** When the first callback began after which microtasks may be left: time may leap within one. */
  sinceMs = 0
  /** When the last leap ended. */
  leaptMs = 0
  /** Callbacks begun since then. */
  begun = 0
  /** The check phase runs. */
  checking = false
  /** Number of the turn, which ends with its check phase. */
  turn = 0
  /** Callbacks of whatever kind so far: the events of a simulation. */
  events = 0
  /** The pool's timer rang so often in a row while nothing else happened. */
  idleRings = 0
  /** The pool's timer rings. */
  ringing = false
  /** The network tells what arrived, one callback each. */
  arrivals: (() => void)[] = []
  /** All microtasks have run. */
  calmed: () => void = () => {}
  /** A turn is over. */
  turned: () => void = () => {}
  /** The pool's timer has rung. */
  rung: () => void = () => {}
  /** Nothing is due, and nobody waits for the loop. */
  atRest: () => void = () => {}
  /** It never comes to rest. */
  restless: () => void = () => {}
  /** Whether the simulation is to stop. */
  isOver: () => boolean = () => false

  now(): number {
    return this.#nowMs
  }

  /** This moment: microtasks may be late to act on what they saw when their callback began. */
  moment(): Moment {
    return { fromMs: this.sinceMs, toMs: this.#nowMs }
  }

  /** Something happened. */
  touch(): void {
    this.events++
    this.idleRings = 0
  }

  // ── What the pool takes ───────────────────────────────────────────────────────────────────────

  setTimeout(wake: () => void, delayMs: number): Timer {
    const bell = this.#set(wake, delayMs, true)
    return {
      ref: () => {
        bell.held = true
      },
      unref: () => {
        bell.held = false
      },
      close: () => this.#drop(bell),
    }
  }

  setImmediate(wake: () => void): void {
    this.#immediates.push(wake)
  }

  /** The pool's timers that are set. */
  get poolTimers(): readonly { readonly held: boolean }[] {
    return this.#bells.filter(({ isPools }) => isPools)
  }

  // ── What the world does ───────────────────────────────────────────────────────────────────────

  after(delayMs: number, act: () => void): void {
    this.#set(act, delayMs, false)
  }

  /** Time passes while JavaScript runs: nothing rings. */
  leap(ms: number): void {
    this.#nowMs += ms
    this.leaptMs = this.#nowMs
  }

  /** Whether what was due at that time must have been done: timers ring a millisecond late after a leap. */
  isPast(dueMs: number): boolean {
    return this.#nowMs >= Math.max(dueMs, this.leaptMs) + TICK_MS
  }

  /** A callback of the loop begins. */
  begin(): void {
    if (this.calm) {
      this.sinceMs = this.#nowMs
      this.begun = 0
    }
    this.calm = false
    this.begun++
    this.events++
  }

  /** Lets all microtasks run. */
  async drain(): Promise<void> {
    let seen: number
    do {
      seen = this.events
      for (let tick = 0; tick < QUIET_MICROTASKS; tick++) await undefined
    } while (this.events !== seen)
    this.calm = true
    this.calmed()
  }

  async timers(): Promise<void> {
    const endMs = this.#nowMs
    for (let bell = this.#first(endMs); bell !== null; bell = this.#first(endMs)) {
      if (this.isOver()) return
      this.#drop(bell)
      this.idleRings = bell.isPools ? this.idleRings + 1 : 0
      this.begin()
      this.ringing = bell.isPools
      bell.wake()
      this.ringing = false
      if (bell.isPools) this.rung()
      await this.drain()
    }
  }

  async poll(): Promise<void> {
    const arrived = this.arrivals
    this.arrivals = []
    for (const tell of arrived) {
      this.idleRings = 0
      this.begin()
      tell()
      await this.drain()
    }
  }

  async check(): Promise<void> {
    const wakes = this.#immediates
    this.#immediates = []
    this.checking = true
    for (const wake of wakes) {
      this.begin()
      wake()
      await this.drain()
    }
    this.checking = false
    this.turn++
    this.turned()
  }

  /** Turns until nothing is left to do at this moment. */
  async rest(): Promise<void> {
    await this.drain()
    for (let round = 0; !this.isOver(); round++) {
      await this.timers()
      await this.poll()
      await this.check()
      if (this.#immediates.length === 0 && this.#first(this.#nowMs) === null) break
      if (round > MOST_ROUNDS) this.restless()
    }
    if (!this.isOver()) this.atRest()
  }

  /** Lets time pass, at rest at each moment at which something is due. */
  async pass(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms
    await this.rest()
    for (let bell = this.#first(endMs); bell !== null; bell = this.#first(endMs)) {
      if (this.isOver()) return
      this.#nowMs = Math.max(this.#nowMs, bell.dueMs)
      await this.rest()
    }
    this.#nowMs = Math.max(this.#nowMs, endMs)
    await this.rest()
  }

  #set(wake: () => void, delayMs: number, isPools: boolean): Bell {
    const bell: Bell = { dueMs: this.#nowMs + delayMs, wake, isPools, held: true }
    this.#bells.push(bell)
    return bell
  }

  #drop(bell: Bell): void {
    const index = this.#bells.indexOf(bell)
    if (index >= 0) this.#bells.splice(index, 1)
  }

  /** The first that is due by `endMs`; of two at the same time the one that was set first. */
  #first(endMs: number): Bell | null {
    let first: Bell | null = null
    for (const bell of this.#bells) {
      if (bell.dueMs <= endMs && (first === null || bell.dueMs < first.dueMs)) first = bell
    }
    return first
  }
}
