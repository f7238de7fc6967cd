import type { Limits } from '../../../src/core/limits.ts'

/** Limits of a pool that does nothing by itself, but for what the test asks for. */
export function limitsOf(options: Partial<Limits> = {}): Limits {
  return {
    min: 0,
    minIdle: 0,
    max: 10,
    maxIdle: undefined,
    increment: 1,
    maxLeases: 1,
    maxConnecting: 4,
    maxWaiters: Infinity,
    maxUses: Infinity,
    createTimeoutMs: 5_000,
    probeTimeoutMs: 1_000,
    resetTimeoutMs: 1_000,
    destroyTimeoutMs: 5_000,
    idleTimeoutMs: Infinity,
    maxLifetimeMs: Infinity,
    lifetimeJitter: 0,
    probeAfterIdleMs: 500,
    probeEveryMs: Infinity,
    probeRetries: 3,
    freshForMs: 0,
    idleOrder: 'lifo',
    queueOrder: 'fifo',
    backoff: { initialMs: 100, maxMs: 5_000, factor: 2, jitter: 0, failFastAfter: 5 },
    probes: false,
    resets: false,
    dials: true,
    ...options,
  }
}
