import type { LeaseHolder } from './lease.ts'
import type { PoolStats } from './stats.ts'

/** The stable codes of PoolError. */
export type PoolErrorCode =
  | 'ERR_ACQUIRE_TIMEOUT'
  | 'ERR_POOL_CLOSED'
  | 'ERR_QUEUE_FULL'
  | 'ERR_POOL_UNAVAILABLE'
  | 'ERR_CONNECT_FAILED'
  | 'ERR_LEASE_RELEASED'
  | 'ERR_CLOSE_TIMEOUT'
  | 'ERR_LISTEN_FAILED'
  | 'ERR_INVALID_OPTION'

/** What a PoolError tells besides its message. */
export interface PoolErrorDetails {
  /** The pool's figures when it happened. */
  readonly stats?: PoolStats | undefined
  /** What led to it: for a timeout the last failed dial, where there was one. */
  readonly cause?: unknown
}

/** Whatever the pool itself has to complain about. `code` is stable; the message is for people. */
export class PoolError extends Error {
  readonly code: PoolErrorCode
  /** Name of the pool. */
  readonly pool: string
  readonly #stats: PoolStats | undefined

  constructor(code: PoolErrorCode, pool: string, message: string, details: PoolErrorDetails = {}) {
    const cause = details.cause === undefined ? undefined : { cause: details.cause }
    super(`${pool}: ${message}`, cause)
    this.code = code
    this.pool = pool
    this.#stats = details.stats
  }

  /**
   * The pool's figures when it happened; may be undefined in `ERR_INVALID_OPTION`. Logs do not print
   * them: forty figures would hide the sentence.
   */
  get stats(): PoolStats | undefined {
    return this.#stats
  }

  override get name(): string {
    return 'PoolError'
  }
}

/** No connection within the deadline. Try again, or let the load go. `ERR_ACQUIRE_TIMEOUT`. */
export class AcquireTimeoutError extends PoolError {
  constructor(pool: string, message: string, details: PoolErrorDetails) {
    super('ERR_ACQUIRE_TIMEOUT', pool, message, details)
  }

  override get name(): string {
    return 'AcquireTimeoutError'
  }
}

/** The pool is closed or closing. `ERR_POOL_CLOSED`. */
export class PoolClosedError extends PoolError {
  constructor(pool: string, details: PoolErrorDetails) {
    super('ERR_POOL_CLOSED', pool, 'the pool is closed', details)
  }

  override get name(): string {
    return 'PoolClosedError'
  }
}

/** As many wait as `maxWaiters` allows. `ERR_QUEUE_FULL`. */
export class QueueFullError extends PoolError {
  constructor(pool: string, message: string, details: PoolErrorDetails) {
    super('ERR_QUEUE_FULL', pool, message, details)
  }

  override get name(): string {
    return 'QueueFullError'
  }
}

/** The backend failed several times in a row and nothing is open. `ERR_POOL_UNAVAILABLE`. */
export class PoolUnavailableError extends PoolError {
  /** When the next trial begins, in ms from then. */
  readonly retryInMs: number

  constructor(pool: string, message: string, retryInMs: number, details: PoolErrorDetails) {
    super('ERR_POOL_UNAVAILABLE', pool, message, details)
    this.retryInMs = retryInMs
  }

  override get name(): string {
    return 'PoolUnavailableError'
  }
}

/** Connecting fails for a reason that will not pass by itself; see `cause`. `ERR_CONNECT_FAILED`. */
export class ConnectFailedError extends PoolError {
  /** When the next trial begins, in ms from then. */
  readonly retryInMs: number

  constructor(pool: string, message: string, retryInMs: number, details: PoolErrorDetails) {
    super('ERR_CONNECT_FAILED', pool, message, details)
    this.retryInMs = retryInMs
  }

  override get name(): string {
    return 'ConnectFailedError'
  }
}

/** The lease was ended already; this changed nothing. `ERR_LEASE_RELEASED`. */
export class LeaseReleasedError extends PoolError {
  constructor(pool: string, details: PoolErrorDetails) {
    super('ERR_LEASE_RELEASED', pool, 'this lease was ended already: use it once', details)
  }

  override get name(): string {
    return 'LeaseReleasedError'
  }
}

/** The pool closed, but had to take connections from their holders. `ERR_CLOSE_TIMEOUT`. */
export class CloseTimeoutError extends PoolError {
  /** Who still held a connection when the grace was over. */
  readonly holders: readonly LeaseHolder[]

  constructor(
    pool: string,
    message: string,
    holders: readonly LeaseHolder[],
    details: PoolErrorDetails,
  ) {
    super('ERR_CLOSE_TIMEOUT', pool, message, details)
    this.holders = holders
  }

  override get name(): string {
    return 'CloseTimeoutError'
  }
}

/** An option or argument that cannot be. Nothing happened. `ERR_INVALID_OPTION`. */
export class InvalidOptionError extends PoolError {
  constructor(pool: string, message: string, details: PoolErrorDetails = {}) {
    super('ERR_INVALID_OPTION', pool, message, details)
  }

  override get name(): string {
    return 'InvalidOptionError'
  }
}

/** A server pool could not listen; `cause` says why. It is closed then. `ERR_LISTEN_FAILED`. */
export class ListenFailedError extends PoolError {
  constructor(pool: string, message: string, details: PoolErrorDetails) {
    super('ERR_LISTEN_FAILED', pool, message, details)
  }

  override get name(): string {
    return 'ListenFailedError'
  }
}
