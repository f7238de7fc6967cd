import { GCProfiler } from 'node:v8'
import type { Budget } from './budget.ts'
import type { Contestant } from './contestant.ts'
import { settle, warmUp } from './stopwatch.ts'
import type { TimedWork } from './work.ts'

/**
 * Bytes per connection that are kept while nothing happens: the growth of heapUsed between two full collections, from before the
 * pool is opened until it has filled and the turn is over. It was done once before, so modules, code and type feedback were there.
 * `open` resolves once all the connections are idle.
 */
export async function weighAtRest(
  open: () => Promise<{ readonly close: () => Promise<void> }>,
  connections: number,
): Promise<number> {
  const rehearsal = await open()
  await settle()
  await rehearsal.close()
  await settle()
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  const pool = await open()
  await settle()
  collectGarbage()
  const after = process.memoryUsage().heapUsed
  await pool.close()
  return (after - before) / connections
}

/** Bytes per operation: what a work allocates, or what its waiters keep alive. */
export async function weighWork(
  work: TimedWork,
  contestants: readonly Contestant[],
  budget: Budget,
): Promise<number> {
  await warmUp(work, contestants, budget)
  if (work.bytes === 'retained') return await weighRetained(work, contestants, budget)
  return await weighAllocated(work, contestants, budget)
}

/**
 * The growth of heapUsed over a run, in a process whose young generation is so large (see trial-process.ts) that nothing is
 * collected meanwhile: V8 then counts every byte it handed out. A GCProfiler runs along, and a run into which a collection fell is
 * thrown away. The least of several runs counts: what is above it belongs to the harness or to a late compilation.
 */
async function weighAllocated(
  work: TimedWork,
  contestants: readonly Contestant[],
  budget: Budget,
): Promise<number> {
  const weights: number[] = []
  for (const contestant of [...contestants, ...contestants]) {
    const bytes = await allocated(work, contestant, budget.weighOperations)
    if (bytes !== null) weights.push(bytes / budget.weighOperations)
    await settle()
  }
  if (weights.length === 0) throw new Error('a garbage collection fell into every weighing')
  return Math.max(0, Math.min(...weights))
}

/**
 * The growth of heapUsed between two full collections, the second while all the waiters stand. The waiting async function of the
 * caller is in it too: the floor shows how much that is.
 */
async function weighRetained(
  work: TimedWork,
  contestants: readonly Contestant[],
  budget: Budget,
): Promise<number> {
  const [contestant] = contestants
  if (work.stand === undefined || contestant === undefined) {
    throw new Error(`${work.name} has nobody standing`)
  }
  const waiters = Math.ceil((work.operations ?? 0) * budget.share)
  collectGarbage()
  const before = process.memoryUsage().heapUsed
  let standing = before
  await work.stand(contestant, waiters, () => {
    collectGarbage()
    standing = process.memoryUsage().heapUsed
  })
  return (standing - before) / waiters
}

async function allocated(
  work: TimedWork,
  contestant: Contestant,
  operations: number,
): Promise<number | null> {
  collectGarbage()
  const collections = new GCProfiler()
  collections.start()
  const before = process.memoryUsage().heapUsed
  const running = work.run(contestant, operations)
  if (running !== undefined) await running
  const after = process.memoryUsage().heapUsed
  const { statistics } = collections.stop()
  return statistics.length === 0 ? after - before : null
}

function collectGarbage(): void {
  if (globalThis.gc === undefined) throw new Error('start node with --expose-gc')
  globalThis.gc()
}
