import type { Form, Limit } from './limits.ts'
import type { Section } from './report.ts'

/** What became of one limit. */
export interface Verdict {
  readonly work: string
  /** What was measured, in floors. */
  readonly ratio: number
  readonly limit: number
  readonly is: 'kept' | 'kept when tried again' | 'exceeded'
}

/** Measures the works of these limits, one section each. */
export type Measure = (works: readonly string[]) => Promise<readonly Section[]>

/**
 * Measures everything that a check of this form has a limit for, and once more whatever exceeds its own: on a machine that is shared
 * one bad minute is no news, and two are.
 */
export async function check(
  limits: readonly Limit[],
  form: Form,
  measure: Measure,
): Promise<Verdict[]> {
  const asked = limits.filter((limit) => limit[form] !== undefined)
  const first = await attempt(asked, form, measure)
  const exceeded = asked.filter((_, i) => first[i]?.is === 'exceeded')
  const second = exceeded.length === 0 ? [] : await attempt(exceeded, form, measure)
  return first.map((verdict) => {
    const again = second.find(({ work }) => work === verdict.work)
    if (again === undefined) return verdict
    return again.is === 'kept' ? { ...again, is: 'kept when tried again' } : again
  })
}

async function attempt(limits: readonly Limit[], form: Form, measure: Measure): Promise<Verdict[]> {
  const sections = await measure(limits.map(({ work }) => work))
  return limits.map((limit) => {
    const section = sections.find(({ work }) => work === limit.work)
    if (section === undefined) throw new Error(`${limit.work} was not measured`)
    return judge(section, limit[form] ?? Number.NaN)
  })
}

/** Whether the first line of a section, which is connpool's, keeps the limit. What is no number keeps none. */
export function judge(section: Section, limit: number): Verdict {
  const [ours] = section.lines
  const toFloor = ours?.toFloor ?? Number.NaN
  const ratio = section.measures === 'B' ? toFloor - 1 : toFloor
  return { work: section.work, ratio, limit, is: ratio <= limit ? 'kept' : 'exceeded' }
}

/** One line a verdict. */
export function verdictTable(verdicts: readonly Verdict[]): string {
  const width = Math.max(4, ...verdicts.map(({ work }) => work.length))
  const line = (work: string, ratio: string, limit: string, is: string): string =>
    `  ${work.padEnd(width)}${ratio.padStart(9)}${limit.padStart(9)}   ${is}`
  const lines = verdicts.map(({ work, ratio, limit, is }) =>
    line(work, ratio.toFixed(2), limit.toFixed(2), is),
  )
  return [line('', 'x floor', 'limit', ''), ...lines].map((text) => text.trimEnd()).join('\n')
}
