import type { Contestant } from '../contestant.ts'
import { Fault } from '../fault.ts'
import { kept, keptMask } from '../kept.ts'
import type { TimedWork } from '../work.ts'

/** Lend and give back without a promise, one borrower. */
export const tryAcquire: TimedWork = {
  name: 'try-acquire',
  title: 'tryAcquire() + release()',
  unit: 'operation',
  entrants: ['connpool', 'stack'],
  floor: 'stack',
  max: 10,
  acquireTimeoutMs: Number.POSITIVE_INFINITY,
  bytes: 'allocated',
  run<Held>(contestant: Contestant<Held>, operations: number): void {
    if (contestant.tryTake === undefined) throw new Fault('cannot lend without a promise')
    for (let i = 0; i < operations; i += 1) {
      const held = contestant.tryTake()
      if (held === null) throw new Fault('had nothing to lend although all was idle')
      kept[i & keptMask] = held
      contestant.giveBack(held)
    }
  },
}
