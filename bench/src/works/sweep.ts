import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Contestant } from '../contestant.ts'
import { kept, keptMask } from '../kept.ts'
import type { TimedWork } from '../work.ts'

/**
 * One of ten thousand idle connections is lent and given back in each turn of the loop. Whoever looks through the idle at the end
 * of a turn pays for all of them; the same pool with ten idle shows what it should cost.
 */
export const sweep: TimedWork = {
  name: 'sweep',
  title: 'acquire() + release() + end of the turn, 10,000 idle',
  unit: 'turn',
  entrants: ['connpool', 'connpool-10'],
  floor: 'connpool-10',
  max: 10_000,
  maxOf: { 'connpool-10': 10 },
  acquireTimeoutMs: Number.POSITIVE_INFINITY,
  bytes: 'allocated',
  async run<Held>(contestant: Contestant<Held>, operations: number): Promise<void> {
    for (let i = 0; i < operations; i += 1) {
      const held = await contestant.take()
      kept[i & keptMask] = held
      contestant.giveBack(held)
      await nextTurn()
    }
  },
}
