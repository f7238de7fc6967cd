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

/**
 * @param cores how many the machine has
 * @param delayMs what the API thinks, for which no CPU is needed
 */
export function sizing(figures: Figures, max: number, cores: number, delayMs: number): Sizing {
  const inUse = connectionsFor(figures.requestsPerSecond, figures.heldMs)
  return {
    inUse,
    capacity: figures.heldMs === 0 ? Number.POSITIVE_INFINITY : (max / figures.heldMs) * 1000,
    limit: limitOf(figures, inUse / max, cores, delayMs),
  }
}

/** A full machine is no limit of connections that are held for what the API thinks. */
function limitOf(figures: Figures, poolUsed: number, cores: number, delayMs: number): Limit {
  if (poolUsed < FULL) return 'neither'
  const thinks = delayMs > figures.heldMs / 2
  return isCpuFull(figures, thinks ? Number.POSITIVE_INFINITY : cores) ? 'cpu' : 'pool'
}

/** How many connections a rate needs when each is held for `heldMs`. */
export function connectionsFor(requestsPerSecond: number, heldMs: number): number {
  return (requestsPerSecond * heldMs) / 1000
}

/** Each process has one core at most; together, and with all other programs, they have the machine's. */
export function isCpuFull(figures: Figures, cores: number): boolean {
  return cpuRoom(figures, cores) <= 1 / FULL
}

/** How many times as much these processes could do before the first core, or the machine, is full. */
export function cpuRoom({ gateway, api, load, otherCores }: Figures, cores: number): number {
  const own = gateway.cores + api.cores + load.cores
  const free = Math.max(0, cores - (otherCores ?? 0))
  return Math.min(1 / Math.max(gateway.cores, api.cores, load.cores), free / own)
}
