import type { Budget } from './budget.ts'
import { Census } from './census.ts'
import { connectionTypes } from './connection.ts'
import type { Contestant } from './contestant.ts'
import { within } from './patience.ts'
import type { Entrant } from './roster.ts'
import { weighWork } from './scales.ts'
import { settle, timeWork } from './stopwatch.ts'
import type { Work } from './work.ts'

/** What a trial finds out: ns per operation, or bytes per operation. */
export type Instrument = 'time' | 'weigh'

/**
 * One contestant at one work with one instrument: opens a pool of each connection type, takes the census, warms up, measures,
 * takes the census again. Throws a Fault where a pool lent one connection twice or lost one.
 */
export async function runTrial(
  entrant: Entrant,
  work: Work,
  instrument: Instrument,
  budget: Budget,
): Promise<number> {
  const pools: { readonly contestant: Contestant; readonly census: Census }[] = []
  for (const make of connectionTypes) {
    const census = new Census(make, {
      max: work.max,
      borrowers: entrant.lends === 'to waiters' ? work.max * 5 : work.max,
      patienceMs: budget.patienceMs,
    })
    const contestant = await entrant.open({
      create: census.create,
      max: work.max,
      maxWaiters: 2_000_000,
      acquireTimeoutMs: work.acquireTimeoutMs,
    })
    pools.push({ contestant, census })
  }
  const countAll = async (): Promise<void> => {
    if (entrant.lends === 'nothing') return
    for (const { contestant, census } of pools) await census.count(contestant)
    await settle()
  }
  const contestants = pools.map((pool) => pool.contestant)
  const measure = instrument === 'time' ? timeWork : weighWork

  await countAll()
  const figure = await within(
    budget.trialMs,
    measure(work, contestants, budget),
    () => `did not end within ${budget.trialMs} ms: somebody waits for ever`,
  )
  await countAll()
  await Promise.all(contestants.map((contestant) => contestant.close()))
  return figure
}
