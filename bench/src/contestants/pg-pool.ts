import Pool from 'pg-pool'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'
import { PgClient } from './pg-client.ts'

/** A client as pg-pool lends it. */
type Lent = PgClient & { release(): void }

/** pg-pool by its promises, over clients with no server behind them, which do not hold the process while they are idle. */
export class PgPoolContestant implements Contestant<Lent> {
  readonly #pool: Pool<PgClient>

  constructor(setup: Setup) {
    this.#pool = new Pool<PgClient>({
      Client: PgClient,
      create: setup.create,
      max: setup.max,
      connectionTimeoutMillis: setup.acquireTimeoutMs < Infinity ? setup.acquireTimeoutMs : 0,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
    })
  }

  take(): Promise<Lent> {
    return this.#pool.connect()
  }

  giveBack(held: Lent): void {
    held.release()
  }

  connectionOf(held: Lent): Connection {
    return held.connection
  }

  /** By hand: pg-pool has no `use`. */
  async use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    const client = await this.#pool.connect()
    try {
      await fn(client.connection)
    } finally {
      client.release()
    }
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}
