import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createSecureContext, type TlsOptions } from 'node:tls'
import { type Clock, systemClock } from '../pool/clock.ts'
import type { Bytes } from './outlet.ts'
import { type Conduct, conductOf, type RudeBehaviour } from './rude-behaviour.ts'
import { RudeConnection } from './rude-connection.ts'

/** Where a rude server listens, and what it does there. */
export interface RudeServerOptions {
  /** What it does with those it accepts, after their TLS handshake if it has `tls`. Default `'echo'`. */
  readonly behaviour?: RudeBehaviour
  /** With `tls`: what it does with those it accepts, before anything else. Default `'secure'`. */
  readonly beforeTls?: RudeBehaviour | 'secure'
  /** Default `127.0.0.1`. */
  readonly host?: string
  /** Default 0: a free one. */
  readonly port?: number
  /** A Unix domain socket, or a named pipe on Windows, instead of host and port. */
  readonly path?: string
  /** How many connections the system keeps for it until it accepts them. Default 511. */
  readonly backlog?: number
  /** Key, certificate, versions, ALPN, whether clients show certificates. Default: no TLS. */
  readonly tls?: TlsOptions
  /** Does not answer a FIN with its own. Default false. */
  readonly allowHalfOpen?: boolean
  /** Times what is done `every` so often. Default: the system's. */
  readonly clock?: Clock
}

interface Waiter {
  readonly count: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/**
 * A server that does to its connections what the test says, when the test says so. It is real, listens
 * in this process, and sets no timer. Nothing is left of it once it is closed.
 *
 * @example
 * <!-- run -->
 * ```ts
 * import { once } from 'node:events'
 * import { createTcpPool } from 'connpool'
 * import { RudeServer } from 'connpool/testing'
 *
 * const server = await RudeServer.start()
 * const pool = createTcpPool({ host: server.host, port: server.port })
 * const lease = await pool.acquire()
 * const died = once(lease.signal, 'abort')
 * await server.holds(1)
 * await server.reset()
 * await died
 * lease.release()
 * await pool.close()
 * await server.close()
 * ```
 */
export class RudeServer implements AsyncDisposable {
  readonly #options: RudeServerOptions
  #tls: TlsOptions | undefined
  #conduct: Conduct
  #conductBeforeTls: Conduct
  #listener: Server | null = null
  #closing: Promise<void> | undefined
  #host: string
  #port: number
  #accepted = 0
  readonly #connections = new Set<RudeConnection>()
  readonly #waiters = new Set<Waiter>()

  /**
   * Resolves once it listens.
   * @throws TypeError when a behaviour is none, or `beforeTls` comes without `tls`; Node's error when the
   * options of `tls` are no good; the system's when it cannot listen there. All by rejecting.
   */
  static async start(options: RudeServerOptions = {}): Promise<RudeServer> {
    const server = new RudeServer(options)
    await server.listen()
    return server
  }

  private constructor(options: RudeServerOptions) {
    const { tls, behaviour = 'echo', beforeTls = 'secure', host = '127.0.0.1', port = 0 } = options
    this.#options = options
    if (tls !== undefined) this.renew(tls)
    this.#conduct = conductOf(behaviour)
    this.#conductBeforeTls = this.#stepsBeforeTls(beforeTls)
    this.#host = host
    this.#port = port
  }

  /** The address it listens on; with `path` of no use. */
  get host(): string {
    return this.#host
  }

  /** The port it listens on, also while it refuses; with `path` 0. */
  get port(): number {
    return this.#port
  }

  /** `127.0.0.1:6379`, `[::1]:6379`, or its path. */
  get address(): string {
    return showAddress({ host: this.#host, port: this.#port, path: this.#options.path })
  }

  /** Its connections that are not closed, oldest first. */
  get connections(): readonly RudeConnection[] {
    return [...this.#connections]
  }

  /** Its only connection. @throws Error when it has none, or several. */
  get connection(): RudeConnection {
    const [connection, ...others] = this.#connections
    if (connection === undefined || others.length > 0) {
      throw new Error(`the server has ${this.#connections.size} connections, not one`)
    }
    return connection
  }

  /** How many connections it accepted so far, closed ones included. */
  get accepted(): number {
    return this.#accepted
  }

  /** Says what is done with those accepted from now on. @throws TypeError when it is no behaviour. */
  behave(behaviour: RudeBehaviour): void {
    this.#conduct = conductOf(behaviour)
  }

  /**
   * Says what is done before TLS with those accepted from now on. The handshake is made when
   * `connection.secure()` is called, by the behaviour or by the test; then what `behave` said is done.
   * @throws TypeError when it is no behaviour, or the server has no TLS.
   */
  beforeTls(behaviour: RudeBehaviour | 'secure'): void {
    this.#conductBeforeTls = this.#stepsBeforeTls(behaviour)
  }

  /**
   * Speaks TLS with these options to those accepted from now on. Sessions that began before are not
   * resumed, unless the `ticketKeys` are the same.
   * @throws Error when they are no good.
   */
  renew(tls: TlsOptions): void {
    createSecureContext(tls)
    // One key for the tickets of all connections: a session can be resumed on the next one.
    this.#tls = { ticketKeys: randomBytes(48), ...tls }
  }

  /**
   * Resolves once it has exactly `count` connections.
   * @throws Error when it is closed first, by rejecting.
   */
  holds(count: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const waiter = { count, resolve, reject }
      this.#waiters.add(waiter)
      if (this.#closing !== undefined) this.#giveUp(waiter)
      else this.#look()
    })
  }

  /** Sends bytes on every connection, as `write` of each does. */
  write(bytes: Bytes): Promise<void> {
    return this.#each((connection) => connection.write(bytes))
  }

  /** Sends a FIN on every connection, and goes on reading, as `end` of each does. */
  end(): Promise<void> {
    return this.#each((connection) => connection.end())
  }

  /** Sends an RST on every connection, and closes it, as `reset` of each does. */
  reset(): Promise<void> {
    return this.#each((connection) => connection.reset())
  }

  /** Lets `count` waiting bytes through on every connection that drips, default 1. */
  tick(count = 1): void {
    for (const connection of this.#connections) connection.tick(count)
  }

  /** Listens no more: who dials is refused. Connections stay; those not yet accepted are reset. */
  refuse(): void {
    this.#listener?.close()
    this.#listener = null
  }

  /**
   * Listens again, on the same port. Resolves once it does, at once if it did all the time.
   * @throws Error when it is closed; the system's when something else has taken the port; by rejecting.
   */
  async listen(): Promise<void> {
    if (this.#closing !== undefined) throw new Error('the server is closed')
    if (this.#listener !== null) return
    const { path, backlog, allowHalfOpen = false } = this.#options
    // Bytes that drip must not be gathered by the system.
    const listener = createServer({ allowHalfOpen, noDelay: true })
    listener.on('connection', (socket) => this.#accept(socket))
    this.#listener = listener
    const where = path === undefined ? { host: this.#host, port: this.#port } : { path }
    try {
      listener.listen({ ...where, ...(backlog !== undefined && { backlog }) })
      await once(listener, 'listening')
    } catch (error) {
      this.#listener = null
      throw error
    }
    const address = listener.address()
    if (typeof address !== 'object' || address === null) return
    this.#host = address.address
    this.#port = address.port
  }

  /** Stops listening and closes its connections. Resolves when nothing is left; again: the same promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  async #close(): Promise<void> {
    for (const waiter of this.#waiters) this.#giveUp(waiter)
    this.refuse()
    await this.#each((connection) => connection.destroy())
  }

  #accept(socket: Socket): void {
    const { clock = systemClock } = this.#options
    const tls = this.#tls
    const conduct = this.#conduct
    const connection = new RudeConnection(++this.#accepted, socket, {
      tls,
      clock,
      ...(tls !== undefined && { secured: conduct }),
    })
    this.#connections.add(connection)
    socket.on('close', () => {
      this.#connections.delete(connection)
      this.#look()
    })
    if (tls === undefined) conduct(connection)
    else this.#conductBeforeTls(connection)
    this.#look()
  }

  #stepsBeforeTls(behaviour: RudeBehaviour | 'secure'): Conduct {
    if (behaviour === 'secure') return (connection) => connection.secure()
    if (this.#tls === undefined) throw new TypeError('beforeTls needs tls')
    return conductOf(behaviour)
  }

  #look(): void {
    for (const waiter of this.#waiters) {
      if (waiter.count !== this.#connections.size) continue
      this.#waiters.delete(waiter)
      waiter.resolve()
    }
  }

  #giveUp(waiter: Waiter): void {
    this.#waiters.delete(waiter)
    const { size } = this.#connections
    waiter.reject(
      new Error(`the server is closed; it held ${size} connections, not ${waiter.count}`),
    )
  }

  async #each(act: (connection: RudeConnection) => Promise<void>): Promise<void> {
    await Promise.all(this.connections.map(act))
  }
}

/** An address in one word: `host:port`, an IPv6 host in brackets, or the path. */
export function showAddress(at: {
  readonly host: string
  readonly port: number
  readonly path?: string | undefined
}): string {
  if (at.path !== undefined) return at.path
  return `${at.host.includes(':') ? `[${at.host}]` : at.host}:${at.port}`
}
