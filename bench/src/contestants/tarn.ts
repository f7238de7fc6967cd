import { Pool } from 'tarn'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'

/** tarn. It knows no acquire without a timeout: where the work has none it runs with its default of 30 s. */
export class TarnContestant implements Contestant<Connection> {
  readonly #pool: Pool<Connection>

  constructor(setup: Setup) {
    this.#pool = new Pool<Connection>({
      create: async () => setup.create(),
      destroy: () => {},
      min: 0,
      max: setup.max,
      idleTimeoutMillis: 30_000,
      ...(setup.acquireTimeoutMs < Infinity && { acquireTimeoutMillis: setup.acquireTimeoutMs }),
    })
  }

  take(): Promise<Connection> {
    return this.#pool.acquire().promise
  }

  giveBack(held: Connection): void {
    this.#pool.release(held)
  }

  connectionOf(held: Connection): Connection {
    return held
  }

  /** By hand: tarn has no `use`. */
  async use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    const connection = await this.#pool.acquire().promise
    try {
      await fn(connection)
    } finally {
      this.#pool.release(connection)
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }
}
