import genericPool from 'generic-pool'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'

/** generic-pool, with the eviction run that its idle timeout needs. */
export class GenericPoolContestant implements Contestant<Connection> {
  readonly #pool: genericPool.Pool<Connection>

  constructor(setup: Setup) {
    this.#pool = genericPool.createPool<Connection>(
      { create: async () => setup.create(), destroy: async () => {} },
      {
        max: setup.max,
        maxWaitingClients: setup.maxWaiters,
        evictionRunIntervalMillis: 1_000,
        idleTimeoutMillis: 30_000,
        ...(setup.acquireTimeoutMs < Infinity && { acquireTimeoutMillis: setup.acquireTimeoutMs }),
      },
    )
  }

  take(): Promise<Connection> {
    return this.#pool.acquire()
  }

  giveBack(held: Connection): void {
    // Settled on return: what the promise reports is that the connection was not the pool's.
    void this.#pool.release(held)
  }

  connectionOf(held: Connection): Connection {
    return held
  }

  use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    return this.#pool.use(fn)
  }

  async close(): Promise<void> {
    await this.#pool.drain()
    await this.#pool.clear()
  }
}
