import type { Pool, PoolEvent, PoolEventName } from '../../src/index.ts'

/** Resolves to the next event of that name. */
export function next<T>(pool: Pool<T>, event: PoolEventName): Promise<PoolEvent> {
  return new Promise((resolve) => pool.once(event, resolve))
}
