import type { PoolMachine } from '../core/machine.ts'
import type { Refusal, Waiter } from '../core/waiter.ts'
import { describe } from './describe.ts'
import {
  AcquireTimeoutError,
  ConnectFailedError,
  PoolClosedError,
  type PoolError,
  PoolUnavailableError,
  QueueFullError,
} from './errors.ts'
import type { PoolStats } from './stats.ts'

/** What an error tells of its pool. */
interface Refuser<C, W> {
  readonly name: string
  readonly machine: PoolMachine<C, W>
  readonly loans: { oldestMs(): number | null }
  readonly lastFailure: unknown
  now(): number
  stats(): PoolStats
}

/** The error of somebody who is turned away: what happened, why, and what to do. */
export function refusalError<C, W>(
  pool: Refuser<C, W>,
  refusal: Refusal,
  { purpose, ticket: { timeoutMs } }: Waiter<{ readonly timeoutMs: number }>,
): PoolError {
  const { name, machine } = pool
  const { backoff } = machine.moves
  const stats = pool.stats()
  const details = { stats, cause: backoff.standing === null ? undefined : pool.lastFailure }
  const retryInMs = Math.max(0, Math.ceil(backoff.until - pool.now()))
  const why = describe(pool.lastFailure)
  switch (refusal) {
    case 'timeout': {
      const within = timeoutMs === 0 ? 'free at once' : `within ${timeoutMs} ms`
      const standing = stats.open - stats.closing
      const what =
        purpose === 'lease'
          ? `no connection ${within}`
          : `${standing} of ${stats.min} connections stood within ${timeoutMs} ms`
      const failure = backoff.standing === null ? '' : `; the last dial failed: ${why}`
      const message = `${what} (${situation(stats, pool.loans.oldestMs())})${failure}`
      return new AcquireTimeoutError(name, message, details)
    }
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
        `connecting fails and will not mend by itself: ${why}; next trial in ${retryInMs} ms`,
        retryInMs,
        details,
      )
    case 'unavailable':
      return new PoolUnavailableError(
        name,
        `the backend failed ${backoff.failures} times in a row, last: ${why}; ` +
          `next trial in ${retryInMs} ms`,
        retryInMs,
        details,
      )
  }
  return refusal satisfies never
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
