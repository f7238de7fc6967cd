import type { Deadline, Deadlines } from './deadlines.ts'
import type { List } from './list.ts'
import type { Moves } from './moves.ts'
import type { Policy } from './policy.ts'
import { EXPIRE_AT_ONCE, type Queue } from './queue.ts'
import type { Slot } from './slot.ts'

/** A kind of thing that becomes due: when the first of its kind is, and what is done then. */
interface Item {
  readonly at: () => number
  readonly act: (now: number) => void
}

/**
 * Whatever becomes due by itself (law 12): what stands here rings the alarm, and is done when it
 * rings. Each `act` takes what was due off its list, or the alarm would ring for ever; work follows
 * what is due, not what is there (law 25).
 */
export class Agenda<C> {
  readonly #items: readonly Item[]

  constructor(moves: Moves<C>, policy: Policy<C>) {
    const { limits, roster } = moves
    this.#items = [
      expiry(moves, moves.queue),
      expiry(moves, moves.named),
      expiry(moves, moves.readiness),
      overdue(roster.aborting, limits.destroyTimeoutMs, (slot) => roster.remove(slot)),
      overdue(roster.opening, limits.createTimeoutMs, (slot, now) =>
        moves.giveUp(slot, 'backend', undefined, now),
      ),
      ...[roster.probing, roster.inspecting].map((list) =>
        overdue(list, limits.probeTimeoutMs, (slot, now) =>
          moves.probeFailed(slot, 'backend', undefined, now),
        ),
      ),
      overdue(roster.resetting, limits.resetTimeoutMs, (slot, now) =>
        moves.resetFailed(slot, undefined, now),
      ),
      overdue(roster.closing, limits.destroyTimeoutMs, (slot) => moves.departed(slot)),
      deadline(roster.retirement, (slot) => roster.age(slot)),
      deadline(roster.nextProbe, (slot, now) => moves.probe(slot, true, now)),
      deadline(roster.probation, (slot) => moves.prove(slot)),
      // Idle ones that may go, and the end of a delay: Policy sees to them after every event.
      { at: () => policy.nextDue, act: () => {} },
    ]
  }

  /** When the first of all is due; Infinity when nothing ever will be. */
  get nextDue(): number {
    let first = Infinity
    for (const { at } of this.#items) first = Math.min(first, at())
    return first
  }

  elapse(now: number): void {
    for (const { at, act } of this.#items) if (at() <= now) act(now)
  }
}

/** Waiters give up at their deadlines. */
function expiry<C>(moves: Moves<C>, queue: Queue): Item {
  return {
    at: () => queue.nextDue,
    act: (now) => {
      for (let left = EXPIRE_AT_ONCE; left > 0; left--) {
        const waiter = queue.expired(now)
        if (waiter === null) return
        moves.turnAway(waiter, 'timeout', now)
      }
    },
  }
}

/** Connections were in a state for too long, oldest first. */
function overdue<C>(
  list: List<Slot<C>>,
  timeoutMs: number,
  act: (slot: Slot<C>, now: number) => void,
): Item {
  const at = () => (list.first === null ? Infinity : list.first.since + timeoutMs)
  return {
    at,
    act: (now) => {
      while (list.first !== null && at() <= now) act(list.first, now)
    },
  }
}

/** Connections reached a deadline of their own. */
function deadline<C>(
  deadlines: Deadlines<Deadline<Slot<C>>>,
  act: (slot: Slot<C>, now: number) => void,
): Item {
  return {
    at: () => deadlines.at,
    act: (now) => {
      while (deadlines.first !== null && deadlines.at <= now) act(deadlines.first.owner, now)
    },
  }
}
