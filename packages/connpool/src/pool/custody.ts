import type { About } from './cargo.ts'

/**
 * The inner port by which `net/` and `server/` watch and judge what is parked. Every call is
 * synchronous and calls nothing back.
 */
export interface Custody<T> {
  /**
   * Takes in a new connection, as one that was given back. From now on it reports its own end to `died`.
   * `beneath` is what it stands on, if anything.
   * @throws UnfitError where it is not fit to be kept.
   */
  enter(connection: T, about: About, died: (error?: unknown) => void, beneath?: T): void
  /** At release, before any hand-off: whether the connection is fit to be kept. */
  park(connection: T): boolean
  /** Before a lease is made: whether it is fit to be lent. It is then lent, and watched no more. */
  lend(connection: T): boolean
  /** Whether it lives, as far as the loop has seen. */
  isAlive(connection: T): boolean
  /** Whether its peer has ended it, and whoever had it heard of that: all that came before was read. */
  hasEnded(connection: T): boolean
  /** What is wrong with it. Asked right after `park`, `lend` or `isAlive` found that something is. */
  whyUnfit(connection: T): Error
  /** Whether all that the borrower wrote is on its way. */
  flushed(connection: T): boolean
  /** Resolves once `flushed`; rejects when `signal` aborts or the connection ends. */
  flush(connection: T, signal: AbortSignal): Promise<void>
  /** What is known of a connection. */
  about(connection: T): About
  /** It leaves the pool for good: nothing of the custody's stays on it. */
  discharge(connection: T): void
  /** Still idle at the end of the turn: watch it, and let it not hold the process. */
  watch(connection: T): void
}

/** What a custody found wrong with a connection: in its own words, no error of the backend's. */
export class UnfitError extends Error {
  readonly reason: 'died' | 'dirty'

  constructor(reason: 'died' | 'dirty', message: string) {
    super(message)
    this.reason = reason
  }
}
