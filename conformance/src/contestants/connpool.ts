import type { Socket } from 'node:net'
import { createPool, createTcpPool, type Lease, type Pool } from 'connpool'
import type { Connection } from '../connection.ts'
import type { Lease as AnyLease, Contestant, Limits, Supply } from '../contestant.ts'

/** connpool. `died` is told of errors and ends, as its README shows. */
export class ConnpoolContestant<C extends Connection> implements Contestant<C> {
  readonly #pool: Pool<C>

  static of<C extends Connection>(supply: Supply<C>, limits: Limits): ConnpoolContestant<C> {
    const { probe, reset } = supply
    const pool = createPool<C>({
      ...sizes(limits),
      create: async ({ died }) => {
        const connection = await supply.create()
        connection.on('error', died)
        connection.on('close', () => died())
        return connection
      },
      ...(probe !== undefined && { probe: (connection) => probe(connection), probeAfterIdleMs: 0 }),
      ...(reset !== undefined && { reset: (connection) => reset(connection) }),
      destroy: (connection) => supply.close(connection),
      ref: (connection) => connection.ref(),
      unref: (connection) => connection.unref(),
    })
    return new ConnpoolContestant(pool)
  }

  /** createTcpPool, with nothing but an address and the limits. */
  static ofSockets(port: number, limits: Limits): ConnpoolContestant<Socket> {
    return new ConnpoolContestant(createTcpPool({ host: '127.0.0.1', port, ...sizes(limits) }))
  }

  private constructor(pool: Pool<C>) {
    this.#pool = pool
  }

  async acquire(): Promise<AnyLease<C>> {
    return lend(await this.#pool.acquire())
  }

  async acquireUntil(signal: AbortSignal): Promise<AnyLease<C>> {
    return lend(await this.#pool.acquire({ signal }))
  }

  acquireThen(then: (lease: AnyLease<C>) => void): void {
    void this.#pool.acquire().then((lease) => then(lend(lease)))
  }

  close(graceMs: number): Promise<void> {
    return this.#pool.close({ graceMs })
  }
}

function sizes({ min, max, acquireTimeoutMs, stepTimeoutMs, maxWaiters }: Limits) {
  return {
    min,
    max,
    acquireTimeoutMs,
    createTimeoutMs: stepTimeoutMs,
    probeTimeoutMs: stepTimeoutMs,
    destroyTimeoutMs: stepTimeoutMs,
    maxWaiters,
  }
}

function lend<C extends Connection>(lease: Lease<C>): AnyLease<C> {
  const { connection } = lease
  return { connection, release: () => lease.release(), destroy: () => lease.destroy() }
}
