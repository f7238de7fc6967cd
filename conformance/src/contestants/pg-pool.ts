import Pool from 'pg-pool'
import type { Connection } from '../connection.ts'
import type { Contestant, Lease, Limits, Supply } from '../contestant.ts'
import { PgClient } from './pg-client.ts'

/**
 * pg-pool over a client that is not PostgreSQL's, with `allowExitOnIdle` and, unless the row says otherwise, the listeners
 * for `'error'` that its documentation asks for, on the pool and on lent clients. Its one timeout is that of connecting and
 * of waiting alike.
 */
export class PgPoolContestant<C extends Connection> implements Contestant<C> {
  readonly #pool: Pool<PgClient<C>>

  constructor(supply: Supply<C>, limits: Limits) {
    const { min, max, acquireTimeoutMs, heard } = limits
    this.#pool = new Pool<PgClient<C>>({
      Client: PgClient,
      supply,
      min,
      max,
      connectionTimeoutMillis: acquireTimeoutMs,
      idleTimeoutMillis: 30_000,
      allowExitOnIdle: true,
    })
    if (!heard) return
    this.#pool.on('error', () => {})
    this.#pool.on('connect', (client) => client.on('error', () => {}))
  }

  async acquire(): Promise<Lease<C>> {
    const client = await this.#pool.connect()
    return lend(client, (broken) => client.release(broken))
  }

  acquireThen(then: (lease: Lease<C>) => void): void {
    this.#pool.connect((error, client, done) => {
      if (client === undefined) throw error
      then(lend(client, done))
    })
  }

  close(): Promise<void> {
    return this.#pool.end()
  }
}

function lend<C extends Connection>(
  client: PgClient<C>,
  giveBack: (broken?: boolean) => void,
): Lease<C> {
  return {
    connection: client.opened,
    release: () => giveBack(),
    destroy: () => giveBack(true),
  }
}
