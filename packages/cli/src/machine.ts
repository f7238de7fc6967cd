import { type CpuInfo, cpus } from 'node:os'

/** How many cores were busy between two moments, with whatever program; null where nobody can tell. */
export function measureMachine(read: () => readonly CpuInfo[] = cpus): () => number | null {
  const before = sum(read())
  return () => {
    const after = sum(read())
    const total = after.total - before.total
    if (total <= 0 || after.cores === 0) return null
    return ((after.busy - before.busy) / total) * after.cores
  }
}

function sum(all: readonly CpuInfo[]): { cores: number; busy: number; total: number } {
  let busy = 0
  let total = 0
  for (const { times } of all) {
    const used = times.user + times.nice + times.sys + times.irq
    busy += used
    total += used + times.idle
  }
  return { cores: all.length, busy, total }
}
