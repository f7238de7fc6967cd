import { setTimeout as pause } from 'node:timers/promises'

const INTERVAL_MS = 20
/** A FIN that was lost on its way is sent again after ever longer times. */
export const PATIENCE_MS = 8_000

/** Asks until the answer is the one that is expected, or patience is over. Resolves with the last answer. */
export async function until<A>(expected: A, ask: () => Promise<A>): Promise<A> {
  const begun = performance.now()
  for (;;) {
    const answer = await ask()
    if (answer === expected || performance.now() - begun > PATIENCE_MS) return answer
    await pause(INTERVAL_MS)
  }
}
