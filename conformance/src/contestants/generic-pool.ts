import genericPool from 'generic-pool'
import type { Connection } from '../connection.ts'
import type { Contestant, Lease, Limits, Supply } from '../contestant.ts'
import { heedErrors } from './heed-errors.ts'

/** generic-pool, which tests on borrow, evicts, and limits the time of a destroy. It has no time limit for create or validate. */
export class GenericPoolContestant<C extends Connection> implements Contestant<C> {
  readonly #pool: genericPool.Pool<C>

  constructor(supply: Supply<C>, limits: Limits) {
    const { min, max, acquireTimeoutMs, stepTimeoutMs, maxWaiters } = limits
    this.#pool = genericPool.createPool<C>(
      {
        create: async () => heedErrors(await supply.create()),
        validate: async (connection) =>
          !connection.destroyed && (await (supply.probe?.(connection) ?? true)),
        destroy: (connection) => supply.close(connection),
      },
      {
        min,
        max,
        testOnBorrow: true,
        evictionRunIntervalMillis: 1_000,
        numTestsPerEvictionRun: max,
        idleTimeoutMillis: 30_000,
        acquireTimeoutMillis: acquireTimeoutMs,
        ...(stepTimeoutMs !== undefined && { destroyTimeoutMillis: stepTimeoutMs }),
        ...(maxWaiters !== undefined && { maxWaitingClients: maxWaiters }),
      },
    )
  }

  async acquire(): Promise<Lease<C>> {
    return this.#lend(await this.#pool.acquire())
  }

  acquireThen(then: (lease: Lease<C>) => void): void {
    void this.#pool.acquire().then((connection) => then(this.#lend(connection)))
  }

  async close(): Promise<void> {
    await this.#pool.drain()
    await this.#pool.clear()
  }

  #lend(connection: C): Lease<C> {
    return {
      connection,
      // What these promises report is that the connection was not lent.
      release: () => void this.#pool.release(connection).catch(() => {}),
      destroy: () => void this.#pool.destroy(connection).catch(() => {}),
    }
  }
}
