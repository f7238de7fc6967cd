import { median } from '../spread.ts'
import { settle } from '../stopwatch.ts'

/** How long a point of a curve may be measured. */
export interface Effort {
  /** The cycle runs this long before anything counts, but at least once, in ms. */
  readonly warmUpMs: number
  /** A sample lasts at least this long, in ms. */
  readonly sampleMs: number
  /** Samples are taken until this much time has been measured, in ms. */
  readonly measureMs: number
  /** Things that are weighed together, where one alone is lost in what the heap does by itself. */
  readonly weighed: number
}

/** For figures, and to see that everything runs. */
export const efforts: Readonly<Record<'full' | 'quick', Effort>> = {
  full: { warmUpMs: 150, sampleMs: 10, measureMs: 300, weighed: 10_000 },
  quick: { warmUpMs: 1, sampleMs: 1, measureMs: 3, weighed: 100 },
}

/** A cycle, and how often it does the operation in question. */
export interface Cycle {
  readonly operations: number
  readonly run: () => Promise<void>
}

/** Repeats the cycle until it is warm. Answers how many times fill a sample. */
export async function warmUp({ run }: Cycle, effort: Effort): Promise<number> {
  let times = 1
  let spentMs = 0
  for (;;) {
    const ms = await elapsedMs(run, times)
    spentMs += ms
    await settle()
    if (ms < effort.sampleMs) times *= 2
    else if (spentMs >= effort.warmUpMs) return times
  }
}

/** Nanoseconds per operation of a warm cycle: the median of samples, between which the loop turns off the clock. */
export async function nsPerOperation(cycle: Cycle, times: number, effort: Effort): Promise<number> {
  const samples: number[] = []
  let measuredMs = 0
  while (measuredMs < effort.measureMs) {
    const ms = await elapsedMs(cycle.run, times)
    measuredMs += ms
    samples.push((ms * 1e6) / (times * cycle.operations))
    await settle()
  }
  return median(samples)
}

async function elapsedMs(run: () => Promise<void>, times: number): Promise<number> {
  const start = performance.now()
  for (let time = 0; time < times; time += 1) await run()
  return performance.now() - start
}

/** What is in use on the heap once all that nobody holds is gone, in bytes. */
export function heapInUse(): number {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc')
  // What hangs on what a collection frees is often freed by the next.
  let bytes = Number.POSITIVE_INFINITY
  for (;;) {
    globalThis.gc()
    const left = process.memoryUsage().heapUsed
    if (left > bytes - 1_000) return left
    bytes = left
  }
}
