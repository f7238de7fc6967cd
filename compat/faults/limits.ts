import type { Findings } from './findings.ts'
import type { Outcome } from './trial.ts'

/** By how much an acquire may outlive its deadline, while the loop turns. */
export const LATE_MS = 50
/** What recovery takes at most, whatever delay runs. */
export const RECOVERY_MS = 5_000
/** For what none of the figures explains. */
const SLACK_MS = 100

/** The promises that were not kept, as sentences. */
export function broken({ findings, ended }: Outcome): string[] {
  const ends = ended === undefined ? [] : [`the process: ${ended.trim()}`]
  return [...ends, ...(findings === undefined ? [] : brokenIn(findings))]
}

function brokenIn(found: Findings): string[] {
  const { late, recovery, counts, left, max, most, warnings } = found
  const allowedMs = Math.min(RECOVERY_MS, recovery.allowedMs) + SLACK_MS
  const rules: readonly (readonly [kept: boolean, sentence: string])[] = [
    [late.unstalledMs <= LATE_MS, `an acquire settled ${ms(late.unstalledMs)} past its deadline`],
    [most <= max, `${most} connections open or opening, of ${max}`],
    [recovery.tookMs <= allowedMs, `${ms(recovery.tookMs)} to recover, of ${ms(allowedMs)}`],
    [recovery.failedDials === 0, `${recovery.failedDials} dials failed although the server served`],
    [counts.ours === counts.pools, `${counts.pools} open, says the pool; ${counts.ours} are`],
    [counts.ours === counts.servers, `${counts.servers} open, says the server; ${counts.ours} are`],
    [left.ours === 0, `${left.ours} connections open after close()`],
    [left.servers === 0, `${left.servers} connections open after close(), says the server`],
    [left.handles.length === 0, `open after close(): ${left.handles.join(', ')}`],
    [found.deadLent === 0, `${found.deadLent} dead connections lent`],
    [found.crossed === 0, `${found.crossed} answers to somebody else's question`],
    [found.refusedWhileOpen === 0, `${found.refusedWhileOpen} refused while something was open`],
    [found.refusedAfterwards === 0, `${found.refusedAfterwards} refused after the recovery`],
    [warnings.length === 0, `warnings: ${warnings.join('; ')}`],
  ]
  return rules.filter(([kept]) => !kept).map(([, sentence]) => sentence)
}

function ms(time: number): string {
  return `${Math.round(time)} ms`
}
