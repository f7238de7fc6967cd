import { versionOf } from '../package-version.ts'
import { type Spread, spread } from '../spread.ts'
import type { Pace, Series, SeriesContestant } from './series.ts'

/** One figure of one contestant against the size. */
export interface Curve {
  readonly contestant: string
  readonly title: string
  readonly version: string | null
  /** Over the rounds, for each size that could be measured in every round. */
  readonly points: readonly { readonly size: number; readonly figure: Spread }[]
}

/** All that was measured of a series. */
export interface Measured {
  readonly series: string
  readonly title: string
  readonly of: string
  readonly sizes: readonly number[]
  readonly charts: readonly {
    readonly measure: string
    readonly title: string
    readonly curves: readonly Curve[]
  }[]
  /** Why a curve ends early. */
  readonly notes: readonly string[]
}

export interface CurveTerms {
  readonly sizes: readonly number[]
  readonly rounds: number
  readonly pace: Pace
  readonly say: (text: string) => void
}

/**
 * Measures a series: in each round every size, and at every size all contestants one after the other. Who fails at a size is
 * not asked again, for that size or a larger one.
 */
export async function measureSeries(series: Series, terms: CurveTerms): Promise<Measured> {
  const { sizes, rounds, pace, say } = terms
  const ends = new Map<SeriesContestant, number>()
  const notes: string[] = []
  const found = new Map(series.contestants.map((contestant) => [contestant, new Map()]))
  for (let round = 0; round < rounds; round += 1) {
    for (const size of sizes) {
      for (const contestant of series.contestants) {
        if (size >= (ends.get(contestant) ?? Number.POSITIVE_INFINITY)) continue
        say(`${series.name}, round ${round + 1}/${rounds}: ${contestant.name}, ${size}`)
        try {
          const point = await series.point(contestant.name, size, pace)
          push(found.get(contestant), size, point)
        } catch (error) {
          ends.set(contestant, size)
          const why = error instanceof Error ? error.message : String(error)
          notes.push(`at ${size.toLocaleString('en')} ${series.of}, ${why}`)
        }
      }
    }
  }
  const charts = Object.entries(series.measures).map(([measure, title]) => ({
    measure,
    title,
    curves: [...found].map(([contestant, points]) => {
      const end = ends.get(contestant) ?? Number.POSITIVE_INFINITY
      return curve(contestant, points, measure, end)
    }),
  }))
  const { name, title, of } = series
  return { series: name, title, of, sizes, charts, notes }
}

type Points = Map<number, Readonly<Record<string, number>>[]>

function push(
  points: Points | undefined,
  size: number,
  point: Readonly<Record<string, number>>,
): void {
  const already = points?.get(size)
  if (already === undefined) points?.set(size, [point])
  else already.push(point)
}

function curve(
  { name, title, packageName }: SeriesContestant,
  points: Points,
  measure: string,
  end: number,
): Curve {
  const whole = [...points].filter(([size]) => size < end)
  return {
    contestant: name,
    title,
    version: packageName === null ? null : versionOf(packageName),
    points: whole.map(([size, rounds]) => ({
      size,
      figure: spread(rounds.map((point) => point[measure] ?? Number.NaN)),
    })),
  }
}
