import type { About } from './cargo.ts'

/**
 * The inner port by which `net/` and `server/` watch and judge what is parked. Every call is
 * synchronous and calls nothing back.
 */
export interface Custody<T> {
  /** At release, before any hand-off: whether the connection is fit to be kept. */
  park(connection: T): boolean
  /** Before a lease is made: whether it is fit to be lent. It is then lent, and watched no more. */
  lend(connection: T): boolean
  /** Whether it lives, as far as the loop has seen. An unfit one that lives is dirty. */
  isAlive(connection: T): boolean
  /** Whether all that the borrower wrote is on its way. */
  flushed(connection: T): boolean
  /** Resolves once `flushed`; rejects when `signal` aborts or the connection ends. */
  flush(connection: T, signal: AbortSignal): Promise<void>
  /** What is known of a connection. */
  about(connection: T): About
  /** Still idle at the end of the turn: watch it, and let it not hold the process. */
  watch(connection: T): void
}

/** Reported by a parked connection that received bytes nobody asked for: it is dirty, not dead. */
export class UnreadBytesError extends Error {
  constructor(bytes: number) {
    super(`${bytes} bytes arrived while the connection was idle`)
  }
}
