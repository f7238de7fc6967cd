import type { Connection } from '../connection.ts'
import type { Contestant } from '../contestant.ts'
import { Fault } from '../fault.ts'
import { kept, keptMask } from '../kept.ts'
import type { TimedWork } from '../work.ts'

/** A borrowed connection around a trivial async function. */
export const use: TimedWork = {
  name: 'use',
  title: 'await use(async (connection) => ...)',
  unit: 'operation',
  entrants: ['connpool', 'lightning-pool', 'generic-pool', 'tarn', 'effect', 'queue', 'stack'],
  floor: 'stack',
  max: 10,
  acquireTimeoutMs: Number.POSITIVE_INFINITY,
  bytes: 'allocated',
  async run<Held>(contestant: Contestant<Held>, operations: number): Promise<void> {
    let calls = 0
    const fn = async (connection: Connection): Promise<void> => {
      kept[calls & keptMask] = connection
      calls += 1
    }
    for (let i = 0; i < operations; i += 1) await contestant.use(fn)
    if (calls !== operations) throw new Fault(`called fn ${calls} times instead of ${operations}`)
  },
}
