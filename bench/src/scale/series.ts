import { figuresOf } from '../child.ts'
import type { Expiry } from '../expire.ts'
import { findEntrant } from '../roster.ts'

/** A cost against a size, for one or more contestants. */
export interface Series {
  /** As typed after --only. */
  readonly name: string
  readonly title: string
  /** What a size is a number of. */
  readonly of: string
  readonly sizes: readonly number[]
  readonly contestants: readonly SeriesContestant[]
  /** What each figure of a point is, by its key. */
  readonly measures: Readonly<Record<string, string>>
  /** One point, in a process of its own. Throws a sentence where it cannot be had within a minute. */
  readonly point: (
    contestant: string,
    size: number,
    pace: Pace,
  ) => Promise<Readonly<Record<string, number>>>
}

export interface SeriesContestant {
  readonly name: string
  readonly title: string
  readonly packageName: string | null
}

/** `quick` is to see that everything runs. */
export type Pace = 'full' | 'quick'

const million = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]
const ours: SeriesContestant = { name: 'connpool', title: 'connpool', packageName: 'connpool' }

/** In the order of the report. */
export const allSeries: readonly Series[] = [
  {
    name: 'waiters',
    title: 'Waiters queued and drained',
    of: 'waiters',
    sizes: million,
    contestants: ['connpool', 'lightning-pool', 'generic-pool', 'tarn', 'queue'].map(findEntrant),
    measures: { ns: 'ns per waiter', bytes: 'bytes kept per waiter' },
    point: pointOf('waiters'),
  },
  {
    name: 'signals',
    title: 'Waiters with signals, queued and drained',
    of: 'waiters',
    sizes: million,
    contestants: [
      { name: 'no-signal', title: 'connpool, no signal', packageName: null },
      { name: 'shared-signal', title: 'connpool, one for all', packageName: null },
      { name: 'own-signals', title: 'connpool, one each', packageName: null },
    ],
    measures: { ns: 'ns per waiter', bytes: 'bytes kept per waiter, its signal apart' },
    point: pointOf('signals'),
  },
  {
    name: 'expiry',
    title: 'Waiters whose deadlines are past together',
    of: 'waiters',
    sizes: million,
    contestants: [
      ...['connpool', 'lightning-pool', 'generic-pool', 'tarn'].map(findEntrant),
      { name: 'timers', title: 'floor: a timer each', packageName: null },
    ],
    measures: { ns: 'ns per waiter, until the last is told', longestMs: 'ms, longest turn' },
    point: expiryPoint,
  },
  {
    name: 'connections',
    title: 'Connections, all idle but for the one that is lent',
    of: 'connections',
    sizes: [1, 10, 100, 1_000, 10_000, 20_000],
    contestants: [ours],
    measures: {
      ns: 'ns, acquire + release',
      turnNs: 'ns, a turn of the loop with nothing due',
      lendingTurnNs: 'ns, a turn of the loop with an acquire + release',
      bytes: 'bytes kept per connection, its share of the pool included',
    },
    point: pointOf('connections'),
  },
  {
    name: 'pools',
    title: 'Pools in one process, lent from in turn',
    of: 'pools',
    sizes: [1, 10, 100, 1_000],
    contestants: [ours],
    measures: {
      ns: 'ns, acquire + release',
      lendingTurnNs: 'ns, a turn of the loop with an acquire + release',
      bytes: 'bytes kept per pool, its idle connection included',
    },
    point: pointOf('pools'),
  },
]

/** The series of that name. Throws for an unknown one. */
export function findSeries(name: string): Series {
  const found = allSeries.find((series) => series.name === name)
  if (found !== undefined) return found
  const known = allSeries.map((series) => series.name).join(', ')
  throw new RangeError(`no series is called '${name}'; there are ${known}`)
}

function pointOf(kind: string): Series['point'] {
  return async (contestant, size, pace) => {
    const order = { flags: ['--expose-gc'], args: [kind, contestant, String(size), pace] }
    const figures = await figuresOf('scale/point-child', order)
    return figures as Record<string, number> // The only thing that the child prints.
  }
}

async function expiryPoint(contestant: string, size: number): Promise<Record<string, number>> {
  const order = { flags: [], args: [contestant, String(size)] }
  // The only thing that the child prints.
  const expiry = (await figuresOf('expiry-child', order)) as Expiry
  return { ns: (expiry.lastLateMs * 1e6) / size, longestMs: expiry.longestTurnMs }
}
