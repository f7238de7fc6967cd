import type { Limits } from '../../../src/core/limits.ts'
import { type Connection, type Ticket, World } from './world.ts'

/** A world with so many connections, proven, idle and parked. */
export function stocked(
  count: number,
  options: Partial<Limits> = {},
  random: () => number = () => 0,
): World {
  const world = new World({ maxConnecting: count, ...options }, random)
  const leases = Array.from({ length: count * world.limits.maxLeases }, () => world.acquire())
  while (world.dialling.length > 0) world.opened()
  for (const lease of leases) world.release(lease)
  world.settle()
  world.log.length = 0
  return world
}

/** The connection with this number, which must be there. */
export function connection(world: World, serial: number): Connection {
  const found = world.connections[serial - 1]
  if (found === undefined) throw new RangeError(`there is no connection ${serial}`)
  return found
}

/** The acquire with this number, which must be there. */
export function ticket(world: World, serial: number): Ticket {
  const found = world.tickets[serial - 1]
  if (found === undefined) throw new RangeError(`there is no ticket ${serial}`)
  return found
}

/** What has been logged since the last call, parking left out. */
export function news(world: World): string[] {
  const lines = world.log.filter((line) => !line.startsWith('parked'))
  world.log.length = 0
  return lines
}
