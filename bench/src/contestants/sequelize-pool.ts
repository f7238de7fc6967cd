import { Pool } from 'sequelize-pool'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'

/**
 * sequelize-pool. It knows no acquire without a timeout: where the work has none it runs with its default of 30 s. It asks a
 * `validate` on every lease; this one always says yes.
 */
export class SequelizePoolContestant implements Contestant<Connection> {
  readonly #pool: Pool<Connection>

  constructor(setup: Setup) {
    this.#pool = new Pool<Connection>({
      create: async () => setup.create(),
      destroy: () => {},
      validate: () => true,
      min: 0,
      max: setup.max,
      idleTimeoutMillis: 30_000,
      ...(setup.acquireTimeoutMs < Infinity && { acquireTimeoutMillis: setup.acquireTimeoutMs }),
    })
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

  /** By hand: sequelize-pool has no `use`. */
  async use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    const connection = await this.#pool.acquire()
    try {
      await fn(connection)
    } finally {
      this.#pool.release(connection)
    }
  }

  async close(): Promise<void> {
    await this.#pool.drain()
    await this.#pool.destroyAllNow()
  }
}
