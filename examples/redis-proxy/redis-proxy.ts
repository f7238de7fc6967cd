import { once } from 'node:events'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { type Lease, type Pool, PoolError } from 'connpool'
import { runSession } from './session.ts'

/** Lets clients of Redis share a few connections: each has one for as long as its session lasts. */
export class RedisProxy {
  readonly #pool: Pool<Socket>
  readonly #server: Server
  readonly #clients = new Set<Socket>()

  /** Starts one on the loopback, on a port that is free unless one is given. */
  static async start(pool: Pool<Socket>, port = 0): Promise<RedisProxy> {
    const proxy = new RedisProxy(pool)
    proxy.#server.listen(port, '127.0.0.1')
    await once(proxy.#server, 'listening')
    return proxy
  }

  private constructor(pool: Pool<Socket>) {
    this.#pool = pool
    this.#server = createServer({ noDelay: true }, (client) => {
      this.#clients.add(client)
      client.on('error', () => {})
      client.on('close', () => this.#clients.delete(client))
      void this.#serve(client)
    })
  }

  get port(): number {
    const { port } = this.#server.address() as AddressInfo // It listens on a port.
    return port
  }

  /**
   * Takes nobody more, and closes the pool, which asks all sessions to end: each does so once Redis
   * has answered it. What is left after `graceMs` is broken off.
   */
  async close({ graceMs = 5_000 } = {}): Promise<void> {
    const closed = once(this.#server, 'close')
    const breakOff = () => {
      for (const client of this.#clients) client.destroy()
    }
    const late = setTimeout(breakOff, graceMs)
    this.#server.close()
    await this.#pool.close({ graceMs }).catch((error: unknown) => {
      if (!(error instanceof PoolError)) throw error
    })
    await closed
    clearTimeout(late)
  }

  async #serve(client: Socket): Promise<void> {
    const gone = new AbortController()
    client.on('close', () => gone.abort())
    let lease: Lease<Socket>
    try {
      lease = await this.#pool.acquire({ signal: gone.signal })
    } catch (error) {
      if (error instanceof PoolError) client.write(`-ERR proxy: ${error.message}\r\n`)
      // What it sent is to be read before the connection is closed: else it might not see the answer.
      client.resume().end()
      return
    }
    if (await runSession(client, lease)) lease.release()
    else lease.destroy()
  }
}
