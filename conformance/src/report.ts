import type { Entrant } from './contestant.ts'
import { versionOf } from './package-version.ts'
import type { Row } from './row.ts'
import type { Verdict } from './verdict.ts'

/** Everything that `--json` writes. */
export interface Report {
  readonly node: string
  readonly tookMs: number
  readonly pools: readonly { readonly name: string; readonly version: string }[]
  readonly rows: readonly Line[]
}

export interface Line {
  readonly name: string
  readonly title: string
  /** By the name of the pool. */
  readonly verdicts: Readonly<Record<string, Verdict>>
}

/** A row, a pool, and what came of it. */
export interface Result {
  readonly row: Row
  readonly entrant: Entrant
  readonly verdict: Verdict
}

/** Puts results together, in the order of the rows and of the roster whatever their own was. */
export function report(
  rows: readonly Row[],
  entrants: readonly Entrant[],
  results: readonly Result[],
  tookMs: number,
): Report {
  return {
    node: process.version,
    tookMs,
    pools: entrants.map(({ name }) => ({ name, version: versionOf(name) })),
    rows: rows.map((row) => {
      const own = results.filter((result) => result.row === row)
      const verdicts = own.map(({ entrant, verdict }) => [entrant.name, verdict] as const)
      return { name: row.name, title: row.title, verdicts: Object.fromEntries(verdicts) }
    }),
  }
}

/** The rows that the pool does not pass. */
export function shortcomings({ rows }: Report, pool: string): readonly Line[] {
  return rows.filter(({ verdicts }) => verdicts[pool]?.is !== 'pass')
}
