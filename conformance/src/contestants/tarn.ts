import { Pool } from 'tarn'
import type { Connection } from '../connection.ts'
import type { Contestant, Lease, Limits, Supply } from '../contestant.ts'
import { heedErrors } from './heed-errors.ts'

/** tarn, with validation and all its timeouts. */
export class TarnContestant<C extends Connection> implements Contestant<C> {
  readonly #pool: Pool<C>
  /** tarn cannot be told that a lent connection is broken: its validation finds that out. */
  readonly #broken = new WeakSet<C>()

  constructor(supply: Supply<C>, limits: Limits) {
    const { min, max, acquireTimeoutMs, stepTimeoutMs } = limits
    const validate = async (connection: C): Promise<boolean> =>
      !connection.destroyed &&
      !this.#broken.has(connection) &&
      (await (supply.probe?.(connection) ?? true))
    this.#pool = new Pool<C>({
      create: async () => heedErrors(await supply.create()),
      // Its README takes a promise; its types do not.
      validate: validate as unknown as (connection: C) => boolean,
      destroy: (connection) => supply.close(connection),
      min,
      max,
      acquireTimeoutMillis: acquireTimeoutMs,
      ...(stepTimeoutMs !== undefined && {
        createTimeoutMillis: stepTimeoutMs,
        destroyTimeoutMillis: stepTimeoutMs,
      }),
    })
  }

  async acquire(): Promise<Lease<C>> {
    return this.#lend(await this.#pool.acquire().promise)
  }

  async acquireUntil(signal: AbortSignal): Promise<Lease<C>> {
    const pending = this.#pool.acquire()
    signal.addEventListener('abort', () => pending.abort(), { once: true })
    return this.#lend(await pending.promise)
  }

  acquireThen(then: (lease: Lease<C>) => void): void {
    void this.#pool.acquire().promise.then((connection) => then(this.#lend(connection)))
  }

  async close(): Promise<void> {
    await this.#pool.destroy()
  }

  #lend(connection: C): Lease<C> {
    return {
      connection,
      release: () => void this.#pool.release(connection),
      destroy: () => {
        this.#broken.add(connection)
        this.#pool.release(connection)
      },
    }
  }
}
