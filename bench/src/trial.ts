import type { Budget } from './budget.ts'
import { Census } from './census.ts'
import { connectionTypes } from './connection.ts'
import type { Contestant } from './contestant.ts'
import { within } from './patience.ts'
import type { Entrant } from './roster.ts'
import { type ClockName, clocks, settle, timeWork } from './stopwatch.ts'
import { weighAtRest, weighWork } from './weighing.ts'
import type { RestingWork, TimedWork, Work } from './work.ts'

/** What a trial finds out, per operation: ns by one of the clocks, or bytes. */
export type Instrument = ClockName | 'weigh'

/**
 * One contestant at one work with one instrument. Takes the census around whatever is measured. Throws a Fault where a pool lent
 * one connection twice or lost one.
 */
export async function runTrial(
  entrant: Entrant,
  work: Work,
  instrument: Instrument,
  budget: Budget,
): Promise<number> {
  if (work.bytes === 'at rest') return await runResting(entrant, work, budget)
  return await runTimed(entrant, work, instrument, budget)
}

/** Opens a pool of each connection type, takes the census, warms up, measures, takes the census again. */
async function runTimed(
  entrant: Entrant,
  work: TimedWork,
  instrument: Instrument,
  budget: Budget,
): Promise<number> {
  const max = work.maxOf?.[entrant.name] ?? work.max
  const pools: Opened[] = []
  for (const make of connectionTypes) {
    pools.push(await open(entrant, make, { work, max, patienceMs: budget.patienceMs }))
  }
  const countAll = async (): Promise<void> => {
    if (entrant.lends === 'nothing') return
    for (const { contestant, census } of pools) await census.count(contestant)
    await settle()
  }
  const contestants = pools.map((pool) => pool.contestant)

  await countAll()
  const figure = await within(
    budget.trialMs,
    instrument === 'weigh'
      ? weighWork(work, contestants, budget)
      : timeWork(work, contestants, budget, clocks[instrument]),
    () => `did not end within ${budget.trialMs} ms: somebody waits for ever`,
  )
  await countAll()
  await Promise.all(contestants.map((contestant) => contestant.close()))
  return figure
}

/** Opens a pool and fills it, twice; the second is weighed. Both are counted afterwards: what a census knows has its weight. */
async function runResting(entrant: Entrant, work: RestingWork, budget: Budget): Promise<number> {
  const max = Math.ceil(work.max * budget.share)
  const [make] = connectionTypes
  if (make === undefined) throw new Error('there is no connection to lend')
  const openFull = async (): Promise<Pick<Contestant, 'close'>> => {
    const { contestant, census } = await open(entrant, make, {
      work,
      max,
      patienceMs: budget.patienceMs,
    })
    const held = await Promise.all(Array.from({ length: max }, () => contestant.take()))
    for (const one of held) contestant.giveBack(one)
    const close = async (): Promise<void> => {
      await census.count(contestant)
      await contestant.close()
    }
    return { close }
  }
  return await within(
    budget.trialMs,
    weighAtRest(openFull, max),
    () => `was not at rest within ${budget.trialMs} ms`,
  )
}

interface Opened {
  readonly contestant: Contestant
  readonly census: Census
}

async function open(
  entrant: Entrant,
  make: (typeof connectionTypes)[number],
  {
    work,
    max,
    patienceMs,
  }: { readonly work: Work; readonly max: number; readonly patienceMs: number },
): Promise<Opened> {
  const census = new Census(make, {
    max,
    borrowers: entrant.lends === 'to waiters' ? max + Math.min(max * 4, 1_000) : max,
    patienceMs,
  })
  const contestant = await entrant.open({
    create: census.create,
    max,
    maxWaiters: 2_000_000,
    acquireTimeoutMs: work.acquireTimeoutMs,
  })
  return { contestant, census }
}
