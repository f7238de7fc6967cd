import { createPool, type Pool } from 'connpool'
import { settle } from '../stopwatch.ts'
import { heapInUse } from './sample.ts'

/** Pools whose connections, so many each, are all open and idle. No connection is a socket. */
export interface FullPools {
  readonly pools: readonly Pool<object>[]
  /** What one of them keeps alive. */
  readonly bytes: number
}

/** Fewer connections than this, or fewer pools, are lost in what the heap does by itself. */
const weighable = 1_000

/**
 * Opens pools and weighs them; where they are few, together with others of their kind. As many were opened before: what is
 * compiled or made once is there before anything is weighed, and nothing is closed meanwhile.
 */
export async function openFullPools(count: number, connections: number): Promise<FullPools> {
  const weighed = Math.max(count, Math.ceil(weighable / connections))
  const before = await openAll(weighed, connections)
  await settle()
  const bytes = heapInUse()
  const pools = await openAll(weighed, connections)
  await settle()
  const grown = heapInUse() - bytes
  const others = [...before, ...pools.splice(count)]
  await Promise.all(others.map((pool) => pool.close()))
  return { pools, bytes: grown / weighed }
}

async function openAll(count: number, connections: number): Promise<Pool<object>[]> {
  const pools: Pool<object>[] = []
  while (pools.length < count) pools.push(await openFull(connections))
  return pools
}

async function openFull(connections: number): Promise<Pool<object>> {
  const pool = createPool<object>({
    create: () => ({}),
    destroy: () => {},
    max: connections,
    maxConnecting: connections,
  })
  const leases = await Promise.all(Array.from({ length: connections }, () => pool.acquire()))
  for (const lease of leases) lease.release()
  return pool
}
