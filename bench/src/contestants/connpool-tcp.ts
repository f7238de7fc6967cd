import type { Socket } from 'node:net'
import { createTcpPool, type Lease, type Pool } from 'connpool'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'
import { Loopback } from '../loopback.ts'
import { Marks } from '../marks.ts'

/** A TCP pool of connpool's, with real sockets, and idle timeout, lifetime, use count and counters on. */
export class ConnpoolTcpContestant implements Contestant<Lease<Socket>> {
  readonly #peer: Loopback
  readonly #pool: Pool<Socket>
  readonly #marks: Marks<Socket>

  static async open(setup: Setup): Promise<ConnpoolTcpContestant> {
    return new ConnpoolTcpContestant(setup, await Loopback.start())
  }

  private constructor(setup: Setup, peer: Loopback) {
    this.#peer = peer
    this.#marks = new Marks(setup.create)
    this.#pool = createTcpPool({
      host: '127.0.0.1',
      port: peer.port,
      max: setup.max,
      maxWaiters: setup.maxWaiters,
      acquireTimeoutMs: setup.acquireTimeoutMs,
      idleTimeoutMs: 30_000,
      maxLifetimeMs: 1_800_000,
      maxUses: 1_000_000_000,
    })
  }

  take(): Promise<Lease<Socket>> {
    return this.#pool.acquire()
  }

  tryTake(): Lease<Socket> | null {
    return this.#pool.tryAcquire()
  }

  giveBack(held: Lease<Socket>): void {
    held.release()
  }

  connectionOf(held: Lease<Socket>): Connection {
    return this.#marks.of(held.connection)
  }

  use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    return this.#pool.use((socket) => fn(this.#marks.of(socket)))
  }

  async close(): Promise<void> {
    await this.#pool.close()
    await this.#peer.close()
  }
}
