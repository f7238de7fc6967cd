import type { Pool } from './pool.ts'

const living = new Set<Pool<unknown>>()

/** Enters a pool when it is made. */
export function enter(pool: Pool<unknown>): void {
  living.add(pool)
}

/** Strikes a pool off once it is closed and empty. */
export function leave(pool: Pool<unknown>): void {
  living.delete(pool)
}

/** The living pools of the process, oldest first. A closed one is no longer among them. */
export function pools(): readonly Pool<unknown>[] {
  return [...living]
}
