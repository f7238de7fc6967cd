import type { Contestant } from './contestant.ts'

/** One thing a pool is asked to do, the same for every contestant. */
export type Work = TimedWork | RestingWork

interface Terms {
  /** As typed after --only. */
  readonly name: string
  readonly title: string
  /** What is counted, in the singular. */
  readonly unit: string
  /** Contestants in the order of the table. */
  readonly entrants: readonly string[]
  /** The entrant to which the others are compared. */
  readonly floor: string
  /** Connections in the pool. */
  readonly max: number
  /** Deadline of an acquire in ms; Infinity = none. */
  readonly acquireTimeoutMs: number
  /** What connpool is to cost, a unit. Shown, not judged: a machine may be slow. */
  readonly goal?: string
}

/** A work that is done, and timed. */
export interface TimedWork extends Terms {
  /** What the bytes of this work are: allocated per operation, or kept alive per waiter. */
  readonly bytes: 'allocated' | 'retained'
  /** The entrants that have another number of connections, and how many. */
  readonly maxOf?: Readonly<Record<string, number>>
  /** Operations a run, where the work is about that number. Otherwise as many as fill a sample. */
  readonly operations?: number
  /** Does it that many times. The loop keeps what it is lent where the compiler must assume that somebody reads it. */
  run<Held>(contestant: Contestant<Held>, operations: number): void | Promise<void>
  /** For 'retained': brings as many waiters to stand as asked, calls standing(), and lets them go. */
  stand?<Held>(contestant: Contestant<Held>, waiters: number, standing: () => void): Promise<void>
}

/** No work at all: all connections are idle, and what a pool keeps of each is weighed. */
export interface RestingWork extends Terms {
  readonly bytes: 'at rest'
}
