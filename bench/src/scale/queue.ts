import { createPool, type Lease } from 'connpool'
import { connectionTypes } from '../connection.ts'
import { findEntrant } from '../roster.ts'

/** A pool with one connection, for which borrowers queue. */
export interface Queue<Held = unknown> {
  /** The place tells which signal is the waiter's. */
  take(place: number): Promise<Held>
  giveBack(held: Held): void
}

const maxWaiters = 2_000_000
const [make] = connectionTypes

/** A contestant of bench:micro, without deadlines where it can do without. */
export async function openContestant(name: string): Promise<Queue> {
  return await findEntrant(name).open({
    create: () => {
      if (make === undefined) throw new Error('there is no connection to lend')
      return make(1)
    },
    max: 1,
    maxWaiters,
    acquireTimeoutMs: Number.POSITIVE_INFINITY,
  })
}

/** Signals, one a place; none of them ever aborts. */
export type Signals = readonly AbortSignal[] | 'none'

/** connpool, whose waiters come with signals. One signal is everybody's. */
export function openWithSignals(signals: Signals): Queue<Lease<object>> {
  const pool = createPool<object>({
    create: () => ({}),
    destroy: () => {},
    max: 1,
    maxWaiters,
    acquireTimeoutMs: Number.POSITIVE_INFINITY,
  })
  const signalOf = (place: number): AbortSignal | undefined =>
    signals === 'none' ? undefined : signals[place % signals.length]
  return {
    take: (place) => pool.acquire({ signal: signalOf(place) }),
    giveBack: (held) => held.release(),
  }
}
