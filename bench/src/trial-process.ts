import { figuresOf } from './child.ts'
import type { Entrant } from './roster.ts'
import type { Instrument } from './trial.ts'
import type { Work } from './work.ts'

/** Time is taken with the heap that Node has by default: the collections a pool causes are part of its price. */
const heap: Record<Instrument, readonly string[]> = {
  time: [],
  weigh: ['--min-semi-space-size=128', '--max-semi-space-size=128'],
}

/**
 * Runs one trial in a process of its own, so that no contestant inherits another's heap or compiled code. Throws a sentence that
 * says who failed at what, and why.
 */
export async function spawnTrial(
  entrant: Entrant,
  work: Work,
  instrument: Instrument,
  quick: boolean,
): Promise<number> {
  const flags = ['--expose-gc', ...heap[instrument]]
  const args = [entrant.name, work.name, instrument, quick ? 'quick' : 'full']
  const figure = await figuresOf(
    'trial-child',
    { flags, args },
    `${entrant.name} failed at ${work.name}`,
  )
  return figure as number // The only thing that the child prints.
}
