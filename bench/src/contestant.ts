import type { Connection } from './connection.ts'

/** What a contestant is opened with. */
export interface Setup {
  /** Makes the next connection. The census counts the calls. */
  readonly create: () => Connection
  /** Connections at most; all of them are open before the clock starts. */
  readonly max: number
  /** Waiters that must fit into the queue. */
  readonly maxWaiters: number
  /** Deadline of an acquire in ms; Infinity = none. */
  readonly acquireTimeoutMs: number
}

/**
 * One pool under test, reduced to the verbs that the works call. An adapter is a class whose methods pass straight through:
 * no async method that the pool does not have itself, no closure per call.
 */
export interface Contestant<Held = unknown> {
  /** Lends one connection, waiting for it if it must. */
  take(): Promise<Held>
  /** Lends one connection now, or null. Absent where the pool cannot. */
  tryTake?(): Held | null
  giveBack(held: Held): void
  connectionOf(held: Held): Connection
  /** Calls fn with a connection and takes it back. */
  use(fn: (connection: Connection) => Promise<void>): Promise<void>
  close(): Promise<void>
}
