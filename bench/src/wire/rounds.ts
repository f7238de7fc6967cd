import { median, type Spread, spread } from '../spread.ts'

/** What every trial with sockets finds out; the other figures depend on the work. */
export interface TrialFigures {
  /** CPU time for one operation, in microseconds. */
  readonly cpuUs: number
}

/** Somebody whose trial can be run again and again. */
export interface Runner<Figures extends TrialFigures> {
  readonly name: string
  readonly title: string
  readonly version: string | null
  readonly run: () => Promise<Figures>
}

/** What one contestant did over the rounds. */
export interface WireLine<Figures extends TrialFigures> {
  readonly contestant: string
  readonly title: string
  readonly version: string | null
  /** Ratio of CPU time to the floor's of the same round; the median is what counts. */
  readonly cpuToFloor: Spread
  /** In the order measured. */
  readonly rounds: readonly Figures[]
}

/**
 * Runs everybody once a round, neighbours in time; every other round runs backwards, so that none always comes first. A ratio
 * compares figures of the same round.
 */
export async function runRounds<Figures extends TrialFigures>(
  runners: readonly Runner<Figures>[],
  { floor, rounds, say }: { floor: string; rounds: number; say: (text: string) => void },
): Promise<WireLine<Figures>[]> {
  const figures = new Map(runners.map((runner) => [runner, [] as Figures[]]))
  for (let round = 0; round < rounds; round += 1) {
    for (const runner of round % 2 === 0 ? runners : runners.toReversed()) {
      say(`round ${round + 1}/${rounds}: ${runner.name}`)
      figures.get(runner)?.push(await runner.run())
    }
  }
  const floors = [...figures].find(([runner]) => runner.name === floor)?.[1] ?? []
  return [...figures].map(([{ name, title, version }, own]) => ({
    contestant: name,
    title,
    version,
    cpuToFloor: spread(own.map(({ cpuUs }, round) => cpuUs / (floors[round]?.cpuUs ?? NaN))),
    rounds: own,
  }))
}

/** The median of one figure over the rounds of a line. */
export function medianOf<Figures extends TrialFigures>(
  { rounds }: WireLine<Figures>,
  figure: (figures: Figures) => number,
): number {
  return median(rounds.map(figure))
}
