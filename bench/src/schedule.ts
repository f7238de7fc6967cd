import type { Entrant } from './roster.ts'
import { findEntrant } from './roster.ts'
import type { ClockName } from './stopwatch.ts'
import type { Instrument } from './trial.ts'
import type { Work } from './work.ts'

/** One place in the order of a run. */
export interface Turn {
  readonly work: Work
  readonly entrant: Entrant
  readonly instrument: Instrument
}

/**
 * Every trial of a run, in order: one weighing each, then the rounds, timed or, at rest, weighed. The contestants of a work follow each other at once,
 * so that a disturbance of the machine meets neighbours; every other round is reversed, so that none always comes first.
 */
export function schedule(
  works: readonly Work[],
  rounds: number,
  clock: ClockName = 'time',
): Turn[] {
  const once = works.flatMap((work) =>
    work.entrants.map((name) => ({ work, entrant: findEntrant(name) })),
  )
  const turns: Turn[] = once
    .filter(({ work }) => work.bytes !== 'at rest')
    .map((pair) => ({ ...pair, instrument: 'weigh' }))
  for (let round = 0; round < rounds; round += 1) {
    const order = round % 2 === 0 ? once : once.toReversed()
    for (const pair of order)
      turns.push({ ...pair, instrument: pair.work.bytes === 'at rest' ? 'weigh' : clock })
  }
  return turns
}

/** Whether the turn belongs to a round, and not to the weighing beside them. */
export function isRound({ work, instrument }: Turn): boolean {
  return work.bytes === 'at rest' || instrument !== 'weigh'
}
