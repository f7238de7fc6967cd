import { createPool, type Lease, type Pool } from 'connpool'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'

/** connpool, with idle timeout, lifetime, use count and counters on. */
export class ConnpoolContestant implements Contestant<Lease<Connection>> {
  readonly #pool: Pool<Connection>

  constructor(setup: Setup) {
    this.#pool = createPool<Connection>({
      create: async () => setup.create(),
      destroy: () => {},
      max: setup.max,
      maxWaiters: setup.maxWaiters,
      acquireTimeoutMs: setup.acquireTimeoutMs,
      idleTimeoutMs: 30_000,
      maxLifetimeMs: 1_800_000,
      maxUses: 1_000_000_000,
    })
  }

  take(): Promise<Lease<Connection>> {
    return this.#pool.acquire()
  }

  tryTake(): Lease<Connection> | null {
    return this.#pool.tryAcquire()
  }

  giveBack(held: Lease<Connection>): void {
    held.release()
  }

  connectionOf(held: Lease<Connection>): Connection {
    return held.connection
  }

  use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    return this.#pool.use(fn)
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
