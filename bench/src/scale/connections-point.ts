import { setImmediate as nextTurn } from 'node:timers/promises'
import { Fault } from '../fault.ts'
import { kept } from '../kept.ts'
import { openFullPools } from './full-pool.ts'
import { type Cycle, type Effort, nsPerOperation, warmUp } from './sample.ts'

/** What a pool of so many connections costs, all but one of them idle. No connection is a socket. */
export async function connectionsPoint(
  connections: number,
  effort: Effort,
): Promise<Record<string, number>> {
  const {
    pools: [pool],
    bytes,
  } = await openFullPools(1, connections)
  if (pool === undefined) throw new Fault('there is no pool')

  const lend = async (): Promise<void> => {
    const lease = await pool.acquire()
    kept[0] = lease
    lease.release()
  }
  const cycles = {
    ns: { operations: 1, run: lend },
    turnNs: { operations: 1, run: () => nextTurn() },
    lendingTurnNs: {
      operations: 1,
      run: async () => {
        await lend()
        await nextTurn()
      },
    },
  } satisfies Record<string, Cycle>
  const figures: Record<string, number> = { bytes: bytes / connections }
  for (const [name, cycle] of Object.entries(cycles)) {
    figures[name] = await nsPerOperation(cycle, await warmUp(cycle, effort), effort)
  }
  return figures
}
