import type { Socket } from 'node:net'
import { createConnection, createPool, type Pool, type PoolConnection } from 'mysql2'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'
import { Loopback } from '../loopback.ts'
import { Marks } from '../marks.ts'

/**
 * mysql2's pool, as it is, over its own connections. Their peer is the server side that mysql2 has, in this process: it shakes
 * hands, and no more is said. Its callbacks are measured, in one promise: those of `mysql2/promise` cost a wrapper a lease on top.
 * It has no acquire timeout, and no idle timeout that would leave all its connections open.
 */
export class Mysql2Contestant implements Contestant<PoolConnection> {
  readonly #peer: Loopback
  readonly #pool: Pool
  readonly #opened: PoolConnection[] = []
  readonly #marks: Marks<PoolConnection>

  static async open(setup: Setup): Promise<Mysql2Contestant> {
    return new Mysql2Contestant(setup, await Loopback.start(shakeHands))
  }

  private constructor(setup: Setup, peer: Loopback) {
    this.#peer = peer
    this.#marks = new Marks(setup.create)
    this.#pool = createPool({
      host: '127.0.0.1',
      port: peer.port,
      connectionLimit: setup.max,
      queueLimit: setup.maxWaiters,
    })
    this.#pool.on('connection', (connection) => this.#opened.push(connection))
  }

  take(): Promise<PoolConnection> {
    return new Promise((resolve, reject) => {
      this.#pool.getConnection((error, connection) => {
        if (error === null) resolve(connection)
        else reject(error)
      })
    })
  }

  giveBack(held: PoolConnection): void {
    held.release()
  }

  connectionOf(held: PoolConnection): Connection {
    return this.#marks.of(held)
  }

  /** By hand: mysql2 has no `use`. */
  async use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    const held = await this.take()
    try {
      await fn(this.connectionOf(held))
    } finally {
      held.release()
    }
  }

  /** Without the farewell that the pool would say: mysql2's server side warns of it on the console. */
  async close(): Promise<void> {
    for (const connection of this.#opened) connection.destroy()
    await new Promise<void>((resolve, reject) => {
      this.#pool.end((error) => (error ? reject(error) : resolve()))
    })
    await this.#peer.close()
  }
}

function shakeHands(stream: Socket): void {
  const connection = createConnection({ stream, isServer: true })
  connection.on('error', () => {})
  connection.serverHandshake({
    protocolVersion: 10,
    serverVersion: 'bench',
    connectionId: 1,
    statusFlags: 2,
    characterSet: 8,
    // All but compression and TLS.
    capabilityFlags: 0xff_ff_ff & ~(0x08_00 | 0x00_20),
  })
}
