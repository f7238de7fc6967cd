import { type Machine, thisMachine } from './machine.ts'
import { versionOf } from './package-version.ts'
import type { Entrant } from './roster.ts'
import { isRound, type Turn } from './schedule.ts'
import { median, type Spread, spread } from './spread.ts'
import type { ClockName } from './stopwatch.ts'
import type { Work } from './work.ts'

/** Who did something, or failed at it. */
interface Who {
  readonly contestant: string
  readonly title: string
  readonly version: string | null
}

/** What one contestant did at one work. */
export interface Line extends Who {
  /** What the section measures, per unit: over the rounds, and one by one in the order measured. */
  readonly figure: Spread
  readonly rounds: readonly number[]
  /** Medians of the rounds' ratios and differences to the floor of the same round. */
  readonly toFloor: number
  readonly aboveFloor: number
  /** Allocated or retained per unit, as the work says; null where bytes are what is measured. */
  readonly bytes: number | null
}

/** A pool of others that lent twice, lost one, crashed or did not end. */
export interface Failed extends Who {
  readonly failure: string
}

export interface Section {
  readonly work: string
  readonly title: string
  readonly unit: string
  readonly measures: 'ns' | 'B'
  readonly bytes: Work['bytes']
  readonly floor: string
  readonly goal: string | null
  readonly lines: readonly Line[]
  readonly failed: readonly Failed[]
}

/** Everything that `--json` writes. */
export interface Report {
  readonly machine: Machine
  readonly rounds: number
  readonly clock: ClockName
  /** True when the sizes were too small for the figures to mean anything. */
  readonly quick: boolean
  readonly tookMs: number
  readonly works: readonly Section[]
}

/** A turn and the figure it gave, or why it gave none. */
export type Outcome =
  | { readonly turn: Turn; readonly figure: number }
  | { readonly turn: Turn; readonly failure: string }

/** Condenses the outcomes of a run. They must hold, of every contestant that did not fail, a figure a round. */
export function report(
  outcomes: readonly Outcome[],
  run: Pick<Report, 'rounds' | 'clock' | 'quick' | 'tookMs'>,
): Report {
  return {
    machine: thisMachine(),
    ...run,
    works: sections(outcomes),
  }
}

/** A section for each work, in the order of the outcomes. */
export function sections(outcomes: readonly Outcome[]): Section[] {
  const works = [...new Set(outcomes.map(({ turn }) => turn.work))]
  return works.map((work) =>
    section(
      work,
      outcomes.filter(({ turn }) => turn.work === work),
    ),
  )
}

function section(work: Work, outcomes: readonly Outcome[]): Section {
  const rounds = outcomes.filter(({ turn }) => isRound(turn))
  const beside = outcomes.filter(({ turn }) => !isRound(turn))
  const floor = figures(rounds, work.floor)
  const failed = outcomes.flatMap((outcome): Failed[] =>
    'failure' in outcome ? [{ ...who(outcome.turn.entrant), failure: outcome.failure }] : [],
  )
  const failures = new Set(failed.map(({ contestant }) => contestant))
  const entrants = new Set(outcomes.map(({ turn }) => turn.entrant))
  const lines = [...entrants]
    .filter(({ name }) => !failures.has(name))
    .map((entrant): Line => {
      const own = figures(rounds, entrant.name)
      const weights = figures(beside, entrant.name)
      const against = (compare: (figure: number, floor: number) => number): number =>
        median(own.map((figure, round) => compare(figure, floor[round] ?? Number.NaN)))
      return {
        ...who(entrant),
        figure: spread(own),
        rounds: own,
        toFloor: against((figure, least) => figure / least),
        aboveFloor: against((figure, least) => figure - least),
        bytes: weights.length === 0 ? null : median(weights),
      }
    })
  return {
    work: work.name,
    title: work.title,
    unit: work.unit,
    measures: work.bytes === 'at rest' ? 'B' : 'ns',
    bytes: work.bytes,
    floor: work.floor,
    goal: work.goal ?? null,
    lines,
    failed,
  }
}

function figures(outcomes: readonly Outcome[], name: string): number[] {
  return outcomes
    .filter(({ turn }) => turn.entrant.name === name)
    .flatMap((outcome) => ('figure' in outcome ? [outcome.figure] : []))
}

function who({ name, title, packageName }: Entrant): Who {
  const version = packageName === null ? null : versionOf(packageName)
  return { contestant: name, title, version }
}
