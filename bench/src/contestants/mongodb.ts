import { Connection as MongoConnection } from 'mongodb/lib/cmap/connection.js'
import { ConnectionPool } from 'mongodb/lib/cmap/connection_pool.js'
import { LegacyTimeoutContext } from 'mongodb/lib/timeout.js'
import { HostAddress } from 'mongodb/lib/utils.js'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'
import { Loopback } from '../loopback.ts'
import { Marks } from '../marks.ts'

/**
 * The pool that mongodb keeps within, as it is, over its own connections and real sockets; only the answer to their
 * greeting is made up, where a server would have given it. All leases have one timeout context, of which the driver makes
 * one an operation.
 */
export class MongodbContestant implements Contestant<MongoConnection> {
  readonly #peer: Loopback
  readonly #pool: ConnectionPool
  readonly #terms: { readonly timeoutContext: LegacyTimeoutContext }
  readonly #marks: Marks<MongoConnection>

  static async open(setup: Setup): Promise<MongodbContestant> {
    return new MongodbContestant(setup, await Loopback.start())
  }

  private constructor(setup: Setup, peer: Loopback) {
    const { acquireTimeoutMs, max } = setup
    const waitQueueTimeoutMS = acquireTimeoutMs < Infinity ? acquireTimeoutMs : 0
    this.#peer = peer
    this.#marks = new Marks(setup.create)
    this.#terms = { timeoutContext: new LegacyTimeoutContext({ waitQueueTimeoutMS }) }
    this.#pool = new ConnectionPool(server, {
      connectionType: Greeted,
      hostAddress: new HostAddress(`127.0.0.1:${peer.port}`),
      maxPoolSize: max,
      maxIdleTimeMS: 30_000,
    })
    this.#pool.ready()
  }

  take(): Promise<MongoConnection> {
    return this.#pool.checkOut(this.#terms)
  }

  giveBack(held: MongoConnection): void {
    this.#pool.checkIn(held)
  }

  connectionOf(held: MongoConnection): Connection {
    return this.#marks.of(held)
  }

  /** By hand: this pool has no `use`. */
  async use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    const held = await this.#pool.checkOut(this.#terms)
    try {
      await fn(this.connectionOf(held))
    } finally {
      this.#pool.checkIn(held)
    }
  }

  async close(): Promise<void> {
    this.#pool.close()
    await this.#peer.close()
  }
}

/** A connection whose only command, the greeting, is answered at once. */
class Greeted extends MongoConnection {
  override async command(): Promise<unknown> {
    return { ok: 1, isWritablePrimary: true, helloOk: true, minWireVersion: 0, maxWireVersion: 21 }
  }
}

/** Who owns a pool: it is asked for what a greeting says of the client. */
const server = {
  topology: { client: { s: {}, options: { metadata: {} } } },
  handleError(error: Error): void {
    throw error
  },
}
