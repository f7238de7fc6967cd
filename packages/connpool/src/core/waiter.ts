import { OUTSIDE, type Timed } from './deadlines.ts'
import type { Placed } from './line.ts'

/** What a waiter waits for: a lease on any connection, on one in particular, or for `min` to stand. */
export type Purpose = 'lease' | 'named' | 'ready'

/** Why a waiter was turned away. */
export type Refusal = 'timeout' | 'full' | 'closed' | 'unavailable' | 'config'

/** The end of a turn of the loop, in ms; one for all who came in that turn. */
export interface Moment {
  readonly at: number
}

/**
 * One queued acquire. It is settled exactly once: granted, refused, expired or withdrawn. The shell's
 * promise extends it: of those who wait there can be very many, and an object less each is felt.
 */
export class Waiter implements Placed, Timed<Waiter> {
  place = 0
  dueAt: number = Infinity
  dueIndex: number = OUTSIDE
  earlier: Waiter | null = null
  later: Waiter | null = null
  readonly purpose: Purpose
  /** 0 to 7, higher is served first. */
  readonly priority: number
  /** How long it waits, in ms from the end of the turn in which it came. */
  readonly patienceMs: number
  /** Since when it waits; null until the turn in which it came is over. */
  since: Moment | null = null
  /** Order of arrival, from 1; 0 outside the queue. Only Queue changes it. */
  seq = 0
  /** The freshness turn that may serve it, and those after it. */
  turn = 0
  /** Something idled for it when it came: being served by its freshness turn is no wait. */
  expected = false

  constructor(purpose: Purpose, priority: number, patienceMs: number) {
    this.purpose = purpose
    this.priority = priority
    this.patienceMs = patienceMs
  }

  get queued(): boolean {
    return this.seq > 0
  }

  /** Waits for a turn that polls only: never for a probe, a release or a dial. */
  get turnOnly(): boolean {
    return this.patienceMs === 0 && this.purpose !== 'ready'
  }

  /** How long it has waited, in ms; nothing within the turn in which it came. */
  waitedMs(now: number): number {
    // An event may be older than the end of the turn, which its world brought about in the middle of it.
    return this.since === null ? 0 : Math.max(0, now - this.since.at)
  }
}
