import type { FailureClass } from '../core/backoff.ts'
import type { PoolMachine } from '../core/machine.ts'
import type { CloseReason } from '../core/slot.ts'

/** What is, and what happened so far: one frozen snapshot. Times are in ms. */
export interface PoolStats {
  /** Gauge: open connections: idle + inUse + probing + resetting + closing. */
  readonly open: number
  /** Gauge: open and unused. */
  readonly idle: number
  /** Gauge: connections with at least one lease. */
  readonly inUse: number
  /** Gauge: leases that were not ended yet, also those on connections that died meanwhile. */
  readonly leases: number
  /** Gauge: being opened. */
  readonly connecting: number
  /** Gauge: being asked whether they live. */
  readonly probing: number
  /** Gauge: being made clean. */
  readonly resetting: number
  /** Gauge: being destroyed. */
  readonly closing: number
  /** Gauge: acquires that wait. */
  readonly waiting: number
  /** The sizes in force. */
  readonly min: number
  readonly max: number
  /** How often the pool was invalidated. */
  readonly generation: number
  readonly paused: boolean
  /** Nothing is open and acquires are refused until a trial succeeds. */
  readonly unavailable: boolean
  /** Acquires: hits + misses + timeouts + aborts + refused + failed + waiting. */
  readonly acquires: number
  /** Served with a connection that had been lent before. */
  readonly hits: number
  /** Served with a connection that was new. */
  readonly misses: number
  /**
   * Of all acquires, those that had to wait for a release, a probe or a dial, and have ended waiting,
   * served or not. The turn of the loop after which an idle connection is lent is no wait.
   */
  readonly waits: number
  readonly timeouts: number
  readonly aborts: number
  /** Turned away: queue full, pool closed, backend unavailable. */
  readonly refused: number
  /** Turned away because connecting failed for good (class `config`). */
  readonly failed: number
  /** Leases ended by `release()`, whatever was then found of the connection. */
  readonly releases: number
  /** Connections that opened, late and offered ones included. */
  readonly opened: number
  /** Failed dials, by class; connections that opened and ended early are among them. */
  readonly connectFailures: Readonly<Record<FailureClass, number>>
  readonly probes: number
  readonly probeFailures: number
  /** Resets, and waits for bytes that were unsent at a release. */
  readonly resets: number
  readonly resetFailures: number
  readonly closed: Readonly<Record<CloseReason, number>>
  /** Closes of the pool that had to take connections from their holders. */
  readonly closeTimeouts: number
  /** Time spent in `waits`, to the turn of the loop. */
  readonly waitTimeMs: number
  /** Most connections in use at a time. */
  readonly maxInUse: number
}

/** Reads a machine, all at once, so that the sums hold (law 24). */
export function snapshot(machine: PoolMachine<unknown>): PoolStats {
  const { policy, generation } = machine
  const { roster, tally, queue, named } = machine.moves
  return Object.freeze({
    open: roster.open,
    idle: roster.lendable,
    inUse: roster.inUse,
    leases: roster.leases,
    connecting: roster.opening.size,
    probing: roster.asked,
    resetting: roster.resetting.size,
    closing: roster.closing.size,
    waiting: queue.size + named.size,
    min: policy.min,
    max: policy.max,
    generation,
    paused: policy.paused,
    unavailable: policy.unavailable,
    acquires: tally.acquires,
    hits: tally.hits,
    misses: tally.misses,
    waits: tally.waits,
    timeouts: tally.timeouts,
    aborts: tally.aborts,
    refused: tally.refused,
    failed: tally.failed,
    releases: tally.releases,
    opened: tally.opened,
    connectFailures: frozenCopy(tally.connectFailures),
    probes: tally.probes,
    probeFailures: tally.probeFailures,
    resets: tally.resets,
    resetFailures: tally.resetFailures,
    closed: frozenCopy(tally.closed),
    closeTimeouts: tally.closeTimeouts,
    waitTimeMs: tally.waitTimeMs,
    maxInUse: roster.maxInUse,
  })
}

/** A frozen `{ ...record }` has a hidden class of its own each time, in V8 until 12: 1 kB for each error with figures. */
function frozenCopy<R extends object>(record: R): Readonly<R> {
  return Object.freeze(Object.assign({}, record))
}
