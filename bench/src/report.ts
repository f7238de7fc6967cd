import { type Machine, thisMachine } from './machine.ts'
import { versionOf } from './package-version.ts'
import type { Turn } from './schedule.ts'
import { median, type Spread, spread } from './spread.ts'
import type { Work } from './work.ts'

/** What one contestant did at one work. */
export interface Line {
  readonly contestant: string
  readonly title: string
  readonly version: string | null
  /** ns per unit: over the rounds, and one by one in the order measured. */
  readonly ns: Spread
  readonly rounds: readonly number[]
  /** Median of the rounds' ratios to the floor of the same round. */
  readonly toFloor: number
  /** Allocated or retained per unit, as the work says. */
  readonly bytes: number
}

export interface Section {
  readonly work: string
  readonly title: string
  readonly unit: string
  readonly bytes: Work['bytes']
  readonly floor: string
  readonly goal: string | null
  readonly lines: readonly Line[]
}

/** Everything that `--json` writes. */
export interface Report {
  readonly machine: Machine
  readonly rounds: number
  /** True when the sizes were too small for the figures to mean anything. */
  readonly quick: boolean
  readonly tookMs: number
  readonly works: readonly Section[]
}

/** A turn and the figure it gave. */
export interface Outcome {
  readonly turn: Turn
  readonly figure: number
}

/** Condenses the outcomes of a run. They must hold, of every contestant, one weighing and one time a round. */
export function report(
  outcomes: readonly Outcome[],
  run: Pick<Report, 'rounds' | 'quick' | 'tookMs'>,
): Report {
  const works = [...new Set(outcomes.map((outcome) => outcome.turn.work))]
  return {
    machine: thisMachine(),
    ...run,
    works: works.map((work) => section(work, outcomes)),
  }
}

function section(work: Work, outcomes: readonly Outcome[]): Section {
  const figures = (name: string, instrument: Turn['instrument']): number[] =>
    outcomes
      .filter(({ turn }) => turn.work === work && turn.entrant.name === name)
      .filter(({ turn }) => turn.instrument === instrument)
      .map(({ figure }) => figure)
  const floor = figures(work.floor, 'time')
  const entrants = new Set(
    outcomes.filter(({ turn }) => turn.work === work).map(({ turn }) => turn.entrant),
  )
  const lines = [...entrants].map((entrant): Line => {
    const rounds = figures(entrant.name, 'time')
    return {
      contestant: entrant.name,
      title: entrant.title,
      version: entrant.packageName === null ? null : versionOf(entrant.packageName),
      ns: spread(rounds),
      rounds,
      toFloor: median(rounds.map((ns, round) => ns / (floor[round] ?? Number.NaN))),
      bytes: median(figures(entrant.name, 'weigh')),
    }
  })
  const { name, title, unit, bytes, floor: floorName, goal = null } = work
  return { work: name, title, unit, bytes, floor: floorName, goal, lines }
}
