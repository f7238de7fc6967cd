import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Budget } from './budget.ts'
import type { Contestant } from './contestant.ts'
import { median } from './spread.ts'
import type { TimedWork } from './work.ts'

/** A reading in ms, of which only differences mean something. */
type Clock = () => number

/** The wall clock, and what the process computed: of that, others on the machine take nothing. */
export type ClockName = 'time' | 'cpu'

export const clocks: Readonly<Record<ClockName, Clock>> = {
  time: () => Number(process.hrtime.bigint()) / 1e6,
  cpu: () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e3
  },
}

/**
 * Nanoseconds per operation: the median of samples that visit the contestants (pools of different connection types) in turn.
 * The clock is read twice a sample, around thousands of operations, so its own 50-100 ns are under 0.1 % of what is
 * reported. Between samples, off the clock, the loop turns twice, so that a pool does the work it puts off to the end of the turn.
 */
export async function timeWork(
  work: TimedWork,
  contestants: readonly Contestant[],
  budget: Budget,
  clock: Clock,
): Promise<number> {
  const operations = await warmUp(work, contestants, budget, clock)
  const samples: number[] = []
  let measuredMs = 0
  while (measuredMs < budget.measureMs || samples.length < contestants.length) {
    for (const contestant of contestants) {
      const ms = await elapsedMs(work, contestant, operations, clock)
      measuredMs += ms
      samples.push((ms * 1e6) / operations)
      await settle()
      if (measuredMs >= budget.measureMs * 4) return median(samples)
    }
  }
  return median(samples)
}

/** Runs the work on every contestant until it is warm. Returns the operations that fill a sample. */
export async function warmUp(
  work: TimedWork,
  contestants: readonly Contestant[],
  budget: Budget,
  clock: Clock = clocks.time,
): Promise<number> {
  const fixed = work.operations
  let operations = fixed === undefined ? 1_000 : Math.ceil((fixed * budget.share) / 50)
  let spentMs = 0
  for (;;) {
    let slowestMs = 0
    for (const contestant of contestants) {
      const ms = await elapsedMs(work, contestant, operations, clock)
      slowestMs = Math.max(slowestMs, ms)
      spentMs += ms
      await settle()
    }
    const longEnough = fixed !== undefined || slowestMs >= budget.sampleMs
    if (longEnough && spentMs >= budget.warmUpMs) break
    if (!longEnough) operations *= 2
  }
  return fixed === undefined ? operations : Math.ceil(fixed * budget.share)
}

/** Lets the turn end, twice, so that nothing put off by the work before is charged to the next. */
export async function settle(): Promise<void> {
  await nextTurn()
  await nextTurn()
}

async function elapsedMs(
  work: TimedWork,
  contestant: Contestant,
  operations: number,
  clock: Clock,
): Promise<number> {
  const start = clock()
  const running = work.run(contestant, operations)
  if (running !== undefined) await running
  return clock() - start
}
