import type { PoolMachine } from '../core/machine.ts'
import type { Purpose, Refusal, Waiter } from '../core/waiter.ts'
import { describe } from './describe.ts'
import {
  AcquireTimeoutError,
  ConnectFailedError,
  PoolClosedError,
  type PoolError,
  type PoolErrorDetails,
  PoolUnavailableError,
  QueueFullError,
} from './errors.ts'
import type { PoolStats } from './stats.ts'

/** What an error tells of its pool. */
export interface Refuser {
  readonly name: string
  readonly machine: PoolMachine<unknown>
  readonly loans: { oldestMs(): number | null }
  readonly lastFailure: unknown
  now(): number
  stats(): PoolStats
}

/** What was said of a timeout last. */
interface Said {
  readonly purpose: Purpose
  readonly timeoutMs: number
  readonly sentence: string
}

/**
 * How things stood when somebody was turned away: told in the errors of all who are turned away by
 * the same event, since a snapshot each would cost more than the rest of a mass expiry.
 */
export class Circumstances {
  readonly #pool: string
  readonly #stats: PoolStats
  readonly #cause: PoolErrorDetails
  /** The latest failed dial, in a sentence. */
  readonly #why: string
  readonly #failures: number
  readonly #retryInMs: number
  readonly #oldestMs: number | null
  #said: Said | null = null

  constructor(pool: Refuser) {
    const { backoff } = pool.machine.moves
    const { lastFailure } = pool
    this.#pool = pool.name
    this.#stats = pool.stats()
    const isFailing = backoff.standing !== null
    this.#cause = { stats: this.#stats, cause: isFailing ? lastFailure : undefined }
    this.#why = isFailing ? describe(lastFailure) : ''
    this.#failures = backoff.failures
    this.#retryInMs = Math.max(0, Math.ceil(backoff.until - pool.now()))
    this.#oldestMs = pool.loans.oldestMs()
  }

  /** What happened, why, and what to do. */
  errorFor(refusal: Refusal, { purpose, patienceMs }: Waiter): PoolError {
    const name = this.#pool
    const stats = this.#stats
    switch (refusal) {
      case 'timeout':
        return new AcquireTimeoutError(name, this.#late(purpose, patienceMs), this.#cause)
      case 'full':
        return new QueueFullError(
          name,
          `${stats.waiting} wait already, as many as maxWaiters allows (${situation(stats, null)})`,
          { stats },
        )
      case 'closed':
        return new PoolClosedError(name, { stats })
      case 'config':
        return new ConnectFailedError(
          name,
          `connecting fails and will not mend by itself: ${this.#why}; ` +
            `next trial in ${this.#retryInMs} ms`,
          this.#retryInMs,
          this.#cause,
        )
      case 'unavailable':
        return new PoolUnavailableError(
          name,
          `the backend failed ${this.#failures} times in a row, last: ${this.#why}; ` +
            `next trial in ${this.#retryInMs} ms`,
          this.#retryInMs,
          this.#cause,
        )
    }
    return refusal satisfies never
  }

  /** The sentence of a timeout: the same text for all who waited as long. */
  #late(purpose: Purpose, timeoutMs: number): string {
    const said = this.#said
    if (said?.purpose === purpose && said.timeoutMs === timeoutMs) return said.sentence
    const sentence = this.#sentence(purpose, timeoutMs)
    this.#said = { purpose, timeoutMs, sentence }
    return sentence
  }

  #sentence(purpose: Purpose, timeoutMs: number): string {
    const stats = this.#stats
    const within = timeoutMs === 0 ? 'free at once' : `within ${timeoutMs} ms`
    const standing = stats.open - stats.closing
    const what =
      purpose === 'ready'
        ? `${standing} of ${stats.min} connections stood within ${timeoutMs} ms`
        : `no ${purpose === 'named' ? 'such ' : ''}connection ${within}`
    const failure = this.#why === '' ? '' : `; the last dial failed: ${this.#why}`
    return `${what} (${situation(stats, this.#oldestMs)})${failure}`
  }
}

function situation(stats: PoolStats, oldestMs: number | null): string {
  const { inUse, idle, connecting, waiting } = stats
  const held = oldestMs === null ? '' : `; oldest lease ${duration(oldestMs)}`
  const paused = stats.paused ? '; paused' : ''
  return `${inUse} in use, ${idle} idle, ${connecting} connecting, ${waiting} waiting${held}${paused}`
}

function duration(ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${Math.round(ms / 1_000)} s`
}
