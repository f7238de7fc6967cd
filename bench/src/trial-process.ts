import type { BudgetName } from './budget.ts'
import { figuresOf } from './child.ts'
import type { Turn } from './schedule.ts'
import type { Instrument } from './trial.ts'

/** Time is taken with the heap that Node has by default: the collections a pool causes are part of its price. */
const flagsOf: Record<Instrument, readonly string[]> = {
  time: [],
  // All in one thread, or the collector's helpers would be charged for, and waited for while they do not get a core.
  cpu: ['--single-threaded'],
  weigh: ['--min-semi-space-size=128', '--max-semi-space-size=128'],
}

/**
 * Runs one trial in a process of its own, so that no contestant inherits another's heap or compiled code. Throws an error whose
 * message says why it has no figure.
 */
export async function spawnTrial(
  { entrant, work, instrument }: Turn,
  budget: BudgetName,
): Promise<number> {
  const flags = ['--expose-gc', ...flagsOf[instrument]]
  const args = [entrant.name, work.name, instrument, budget]
  const figure = await figuresOf('trial-child', { flags, args })
  return figure as number // The only thing that the child prints.
}
