import { Pool } from 'lightning-pool'
import type { Connection } from '../connection.ts'
import type { Contestant, Lease, Limits, Supply } from '../contestant.ts'
import { heedErrors } from './heed-errors.ts'

/** lightning-pool, with validation and reset, and five dials for an acquire where it has one by default. */
export class LightningPoolContestant<C extends Connection> implements Contestant<C> {
  readonly #pool: Pool<C>

  constructor(supply: Supply<C>, limits: Limits) {
    const { min, max, acquireTimeoutMs, maxWaiters } = limits
    const { reset } = supply
    this.#pool = new Pool<C>(
      {
        create: async () => heedErrors(await supply.create()),
        validate: async (connection) =>
          !connection.destroyed && (await (supply.probe?.(connection) ?? true)),
        ...(reset !== undefined && { reset: (connection: C) => reset(connection) }),
        destroy: (connection) => supply.close(connection),
      },
      {
        min,
        max,
        acquireMaxRetries: 5,
        acquireRetryWait: 100,
        acquireTimeoutMillis: acquireTimeoutMs,
        maxQueue: maxWaiters ?? 1_000_000,
      },
    )
    this.#pool.start()
  }

  async acquire(): Promise<Lease<C>> {
    return this.#lend(await this.#pool.acquire())
  }

  acquireThen(then: (lease: Lease<C>) => void): void {
    this.#pool.acquire((error, connection) => {
      if (error) throw error
      then(this.#lend(connection))
    })
  }

  close(graceMs: number): Promise<void> {
    return this.#pool.closeAsync(graceMs)
  }

  #lend(connection: C): Lease<C> {
    return {
      connection,
      release: () => this.#pool.release(connection),
      destroy: () => this.#pool.destroy(connection),
    }
  }
}
