import { median, type Spread, spread } from '../spread.ts'

/** What every trial with sockets finds out; the other figures depend on the work. */
export interface TrialFigures {
  /** CPU time for one operation, in microseconds. */
  readonly cpuUs: number
}

/** Who is measured. */
export interface WireContestant {
  readonly name: string
  readonly title: string
  readonly version: string | null
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

export interface RoundTerms<Who extends WireContestant, Figures extends TrialFigures> {
  readonly contestants: readonly Who[]
  /** The name of the one to which the others are compared. */
  readonly floor: string
  readonly rounds: number
  /** Measures everybody once, in that order or in slices that begin with it. */
  readonly round: (order: readonly Who[], number: number) => Promise<ReadonlyMap<Who, Figures>>
}

/**
 * Measures everybody once a round; every other round runs backwards, so that none always comes first. A ratio compares figures
 * of the same round.
 */
export async function runRounds<Who extends WireContestant, Figures extends TrialFigures>({
  contestants,
  floor,
  rounds,
  round,
}: RoundTerms<Who, Figures>): Promise<WireLine<Figures>[]> {
  const all: ReadonlyMap<Who, Figures>[] = []
  while (all.length < rounds) {
    const order = all.length % 2 === 0 ? contestants : contestants.toReversed()
    all.push(await round(order, all.length + 1))
  }
  const figuresOf = (name: string): Figures[] =>
    all.flatMap((found) => [...found].flatMap(([who, own]) => (who.name === name ? [own] : [])))
  const floors = figuresOf(floor)
  return contestants.map(({ name, title, version }) => {
    const own = figuresOf(name)
    const ratios = own.map(({ cpuUs }, index) => cpuUs / (floors[index]?.cpuUs ?? Number.NaN))
    return { contestant: name, title, version, cpuToFloor: spread(ratios), rounds: own }
  })
}

/** The median of one figure over the rounds of a line. */
export function medianOf<Figures extends TrialFigures>(
  { rounds }: WireLine<Figures>,
  figure: (figures: Figures) => number,
): number {
  return median(rounds.map(figure))
}
