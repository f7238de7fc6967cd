import { Pool } from 'lightning-pool'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'

/** lightning-pool, asked for promises and last in, first out like the others. */
export class LightningPoolContestant implements Contestant<Connection> {
  readonly #pool: Pool<Connection>

  constructor(setup: Setup) {
    this.#pool = new Pool<Connection>(
      { create: async () => setup.create(), destroy: () => {} },
      {
        max: setup.max,
        maxQueue: setup.maxWaiters,
        fifo: false,
        idleTimeoutMillis: 30_000,
        acquireTimeoutMillis: setup.acquireTimeoutMs < Infinity ? setup.acquireTimeoutMs : 0,
      },
    )
  }

  take(): Promise<Connection> {
    return this.#pool.acquire()
  }

  giveBack(held: Connection): void {
    this.#pool.release(held)
  }

  connectionOf(held: Connection): Connection {
    return held
  }

  /** By hand: lightning-pool has no `use`. */
  async use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    const connection = await this.#pool.acquire()
    try {
      await fn(connection)
    } finally {
      this.#pool.release(connection)
    }
  }

  close(): Promise<void> {
    return this.#pool.closeAsync()
  }
}
