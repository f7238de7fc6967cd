import type { Figures } from './figures.ts'

/** What held the rate down: the pool (all connections taken), the CPU, or neither of them. */
export type Limit = 'pool' | 'cpu' | 'neither'

/** Little's law over one mode: connections in use = rate x time a connection is held. */
export interface Sizing {
  /** Connections in use on average, at the measured rate. */
  readonly inUse: number
  /** The highest rate that `max` connections carry when each is held as long as measured. */
  readonly capacity: number
  readonly limit: Limit
}

// Above this a pool, or a machine, counts as full: both are measured, and neither to the last percent.
const FULL = 0.9

/** @param cores how many the machine has */
export function sizing(figures: Figures, max: number, cores: number): Sizing {
  const inUse = connectionsFor(figures.requestsPerSecond, figures.heldMs)
  return {
    inUse,
    capacity: figures.heldMs === 0 ? Number.POSITIVE_INFINITY : (max / figures.heldMs) * 1000,
    limit: inUse < FULL * max ? 'neither' : isCpuFull(figures, cores) ? 'cpu' : 'pool',
  }
}

/** How many connections a rate needs when each is held for `heldMs`. */
export function connectionsFor(requestsPerSecond: number, heldMs: number): number {
  return (requestsPerSecond * heldMs) / 1000
}

/** The gateway has one core at most; all three processes share those of the machine. */
export function isCpuFull({ gateway, api, load }: Figures, cores: number): boolean {
  if (gateway.cores >= FULL || api.cores >= FULL) return true
  return gateway.cores + api.cores + load.cores >= FULL * cores
}
