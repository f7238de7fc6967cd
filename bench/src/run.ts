import type { BudgetName } from './budget.ts'
import { progress } from './progress.ts'
import type { Outcome } from './report.ts'
import { isOurs } from './roster.ts'
import type { Turn } from './schedule.ts'
import { spawnTrial } from './trial-process.ts'

/** Runs one turn and answers its figure, as `spawnTrial` does. */
export type RunTurn = (turn: Turn, budget: BudgetName) => Promise<number>

/**
 * Runs the turns one after another. A pool of others that fails has no more turns at that work, and its outcome says why. That
 * connpool or a floor fails ends the run: throws a sentence that says who failed at what, and why.
 */
export async function runTurns(
  turns: readonly Turn[],
  budget: BudgetName,
  runTurn: RunTurn = spawnTrial,
): Promise<Outcome[]> {
  const outcomes: Outcome[] = []
  const failed = new Set<string>()
  for (const [done, turn] of turns.entries()) {
    const pair = `${turn.work.name}: ${turn.entrant.name}`
    if (failed.has(pair)) continue
    progress(`${done + 1}/${turns.length} ${pair}`)
    try {
      outcomes.push({ turn, figure: await runTurn(turn, budget) })
    } catch (error) {
      const failure = error instanceof Error ? error.message : String(error)
      if (isOurs(turn.entrant)) throw new Error(`${pair} failed: ${failure}`, { cause: error })
      failed.add(pair)
      outcomes.push({ turn, failure })
    }
  }
  progress('')
  return outcomes
}
