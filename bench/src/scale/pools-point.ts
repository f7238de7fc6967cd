import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Pool } from 'connpool'
import { kept } from '../kept.ts'
import { openFullPools } from './full-pool.ts'
import { type Effort, nsPerOperation, warmUp } from './sample.ts'

const laps = 100

/** What so many pools cost in one process, each with one idle connection. */
export async function poolsPoint(count: number, effort: Effort): Promise<Record<string, number>> {
  const { pools, bytes } = await openFullPools(count, 1)
  // The first leases wait for a poll, all for the same one; after that the turn is the same until the last lap.
  const within = {
    operations: laps * count,
    run: async () => {
      const leases = await Promise.all(pools.map((pool) => pool.acquire()))
      for (const lease of leases) lease.release()
      for (let lap = 1; lap < laps; lap += 1) for (const pool of pools) await lend(pool)
    },
  }
  const across = {
    operations: count,
    run: async () => {
      for (const pool of pools) {
        await lend(pool)
        await nextTurn()
      }
    },
  }
  return {
    bytes,
    ns: await nsPerOperation(within, await warmUp(within, effort), effort),
    lendingTurnNs: await nsPerOperation(across, await warmUp(across, effort), effort),
  }
}

async function lend(pool: Pool<object>): Promise<void> {
  const lease = await pool.acquire()
  kept[0] = lease
  lease.release()
}
