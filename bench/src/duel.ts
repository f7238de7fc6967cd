import { findEntrant } from './roster.ts'
import { isRound, schedule, type Turn } from './schedule.ts'
import type { Work } from './work.ts'

/** A work with nobody in it but connpool and the floor. Throws for one that connpool is not entered for. */
export function duel(work: Work): Work {
  const ours = work.entrants.find((name) => findEntrant(name).packageName === 'connpool')
  if (ours === undefined) throw new RangeError(`connpool is not entered for ${work.name}`)
  return { ...work, entrants: [ours, work.floor] }
}

/** The rounds of duels, in time that was computed, and nothing weighed beside them. */
export function duels(works: readonly Work[], rounds: number): Turn[] {
  return schedule(works.map(duel), rounds, 'cpu').filter(isRound)
}
