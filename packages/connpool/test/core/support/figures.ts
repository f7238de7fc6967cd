import type { PoolMachine } from '../../../src/core/machine.ts'

/** All that a machine shows of itself, in an order that never changes. */
export function figuresOf(machine: PoolMachine<unknown>, now: number): unknown[] {
  const { moves, policy, generation } = machine
  const { roster, queue, readiness, tally, backoff } = moves
  const { connectFailures, closed, ...counters } = tally
  return [
    policy.phase,
    policy.paused,
    policy.unavailable,
    generation,
    machine.nextDue(),
    backoff.standing,
    backoff.failures,
    backoff.until <= now ? Infinity : backoff.until,
    queue.size,
    queue.demand,
    readiness.size,
    roster.leases,
    roster.opening.size,
    roster.aborting.size,
    roster.idle.size,
    roster.aged.size,
    roster.lent.size,
    roster.leaving.size,
    roster.resetting.size,
    roster.probing.size,
    roster.inspecting.size,
    roster.closing.size,
    ...Object.values(connectFailures),
    ...Object.values(closed),
    ...Object.values(counters),
  ]
}
