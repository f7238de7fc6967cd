import type { BackoffLimits } from './backoff.ts'
import type { QueueOrder } from './queue.ts'

/** Which idle connection is lent first: the last returned, or the first. */
export type IdleOrder = 'lifo' | 'fifo'

/**
 * The numbers that Policy keeps to, already validated: no more than their types is here. Times are in
 * ms; Infinity is "no bound".
 */
export interface Limits {
  readonly min: number
  readonly minIdle: number
  readonly max: number
  /** undefined: as many as `max`. */
  readonly maxIdle: number | undefined
  readonly increment: number
  readonly maxLeases: number
  readonly maxConnecting: number
  readonly maxWaiters: number
  readonly maxUses: number
  readonly createTimeoutMs: number
  readonly probeTimeoutMs: number
  readonly resetTimeoutMs: number
  readonly destroyTimeoutMs: number
  readonly idleTimeoutMs: number
  readonly maxLifetimeMs: number
  readonly lifetimeJitter: number
  readonly probeAfterIdleMs: number
  readonly probeEveryMs: number
  readonly probeRetries: number
  readonly freshForMs: number
  readonly idleOrder: IdleOrder
  readonly queueOrder: QueueOrder
  readonly backoff: BackoffLimits
  /** Whether connections can be asked if they live. */
  readonly probes: boolean
  /** Whether connections are made clean on return. */
  readonly resets: boolean
  /** Whether the pool opens connections itself; otherwise it is fed by offers. */
  readonly dials: boolean
}
