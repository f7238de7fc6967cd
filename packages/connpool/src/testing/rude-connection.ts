import type { Socket } from 'node:net'
import { createServer, type TlsOptions } from 'node:tls'
import { type Clock, systemClock } from '../pool/clock.ts'
import { type Bytes, Outlet } from './outlet.ts'

/** What a connection has of its server. */
export interface RudeConnectionOptions {
  readonly tls?: TlsOptions | undefined
  readonly clock: Clock
  /** Told when its TLS handshake is done. */
  readonly secured?: (connection: RudeConnection) => unknown
}

const newsOfBytes = ['readable', 'end', 'close']

/**
 * The server's end of one connection, and what can be done to it. Nothing happens to it by itself;
 * what is done to a connection that is closed has no effect.
 */
export class RudeConnection {
  /** Number of the connection, from 1, in the order in which its server accepted them. */
  readonly id: number
  /** Resolves when the connection is closed, whoever closed it. */
  readonly closed: Promise<void>
  readonly #options: RudeConnectionOptions
  /** What TLS runs over; without TLS the same as `socket`. */
  readonly #carrier: Socket
  readonly #outlet: Outlet
  #socket: Socket
  #securing: Promise<boolean> | undefined
  #error: Error | undefined

  constructor(id: number, socket: Socket, options: RudeConnectionOptions) {
    this.id = id
    this.#options = options
    this.#carrier = socket
    this.#socket = socket
    this.#outlet = new Outlet(() => this.#socket)
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#outlet.close()
        resolve()
      })
    })
    this.#heed(socket)
  }

  /** Its socket, for what has no verb here: a `tls.TLSSocket` once its TLS handshake is done. */
  get socket(): Socket {
    return this.#socket
  }

  /** What went wrong on it last: a reset by its peer, a failed TLS handshake. */
  get error(): Error | undefined {
    return this.#error
  }

  /**
   * Sends bytes, which nobody need have asked for.
   * @returns A promise that resolves once the system has them, or the connection is closed.
   */
  write(bytes: Bytes): Promise<void> {
    return this.#outlet.write(bytes)
  }

  /**
   * Sends a FIN, behind `bytes` if there are any, and goes on reading. What is written later is dropped.
   * @returns A promise that resolves once the system has it, or the connection is closed.
   */
  end(bytes: Bytes = ''): Promise<void> {
    this.#outlet.write(bytes)
    return this.#outlet.end()
  }

  /**
   * Sends an RST and closes. A Unix domain socket knows none: it is only closed.
   * @returns `closed`.
   */
  reset(): Promise<void> {
    const { writableEnded, writableFinished, writableLength } = this.#socket
    // Node cannot reset while a FIN is on its way into the system: the socket would never close.
    const ending = writableEnded && !writableFinished && writableLength === 0
    if (ending && !this.#socket.destroyed) this.#socket.once('finish', () => this.#reset())
    else this.#reset()
    return this.closed
  }

  /**
   * Closes at once: its peer sees a FIN, or, if bytes that it sent were not read, an RST.
   * @returns `closed`.
   */
  destroy(): Promise<void> {
    this.#carrier.destroy()
    return this.closed
  }

  /** Resolves to true once bytes are there to be read, without reading them; to false when none will come. */
  async heard(): Promise<boolean> {
    await this.#securing
    const socket = this.#socket
    return new Promise((resolve) => {
      const look = (): void => {
        const over = socket.readableEnded || socket.destroyed
        if (socket.readableLength === 0 && !over) return
        for (const event of newsOfBytes) socket.off(event, look)
        resolve(!over)
      }
      for (const event of newsOfBytes) socket.on(event, look)
      look()
    })
  }

  /** The next bytes that arrive, all that are there; null when none will come. */
  async read(): Promise<Buffer | null> {
    while (await this.heard()) {
      const bytes = this.#socket.read()
      // Another reader may have been first.
      if (bytes !== null) return bytes
    }
    return null
  }

  /**
   * What it is asked, until its peer ends. A request is what arrives together or, with `delimiter`, what
   * comes up to and with it.
   */
  async *requests(delimiter?: string): AsyncGenerator<Buffer, void> {
    let rest = Buffer.alloc(0)
    for (let bytes = await this.read(); bytes !== null; bytes = await this.read()) {
      if (delimiter === undefined) {
        yield bytes
        continue
      }
      rest = Buffer.concat([rest, bytes])
      for (let at = rest.indexOf(delimiter); at >= 0; at = rest.indexOf(delimiter)) {
        const end = at + Buffer.byteLength(delimiter)
        yield rest.subarray(0, end)
        rest = rest.subarray(end)
      }
    }
  }

  /**
   * Answers each request with the same bytes, or with what `reply` makes of it and its number, from 1:
   * bytes, `undefined` for no answer, or a promise of either, during which it reads nothing.
   * A request is as in `requests`.
   * @returns A promise that resolves when no more requests will come.
   * @throws TypeError when a reply is neither bytes nor `undefined`, and what `reply` throws, by rejecting.
   */
  async answer(
    reply: Bytes | ((request: Buffer, nth: number) => unknown),
    delimiter?: string,
  ): Promise<void> {
    let nth = 0
    for await (const request of this.requests(delimiter)) {
      nth++
      const bytes = typeof reply === 'function' ? await reply(request, nth) : reply
      if (typeof bytes === 'string' || bytes instanceof Uint8Array) this.write(bytes)
      else if (bytes !== undefined) throw new TypeError(`cannot answer with ${bytes}: no bytes`)
    }
  }

  /** Sends back what it receives. @returns As `answer`. */
  echo(): Promise<void> {
    return this.answer((request) => request)
  }

  /** Reads and drops what arrives. One that reads nothing makes its peer's writes pile up. */
  ignore(): void {
    const drop = (): void => void this.#socket.on('data', () => {})
    if (this.#securing === undefined) drop()
    else this.#securing.then(drop)
  }

  /** From now on what is sent waits until `tick` lets it through; an RST does not wait. */
  drip(): void {
    this.#outlet.drip()
  }

  /** Lets `count` of the bytes that wait through, default 1, and the FIN if it is next. */
  tick(count = 1): void {
    this.#outlet.tick(count)
  }

  /** Lets all that waits through, and holds nothing back any more. */
  flow(): void {
    this.#outlet.flow()
  }

  /**
   * Makes the TLS handshake with the peer, of whose bytes none may have been read or dropped. What is
   * sent or read meanwhile waits until it is done. Doubled calls have no effect.
   * @param options Default: those of the server.
   * @returns A promise of whether it succeeded.
   * @throws Error when neither has options, or they are no good.
   */
  secure(options: TlsOptions | undefined = this.#options.tls): Promise<boolean> {
    if (options === undefined) throw new Error('TLS needs options: give them here or to the server')
    this.#securing ??= this.#secure(options)
    return this.#securing
  }

  /** Sends bytes past TLS, in the middle of its records. Without TLS the same as `write`, but at once. */
  corrupt(bytes: Bytes): void {
    if (this.#carrier.writable) this.#carrier.write(bytes)
  }

  /**
   * Calls `act` each `intervalMs`, a whole number from 1, by the clock of the server, until the connection
   * is closed: `connection.every(1_000, () => connection.write('PING\r\n'))`.
   * @returns What ends it sooner.
   */
  every(intervalMs: number, act: () => unknown): () => void {
    if (this.#carrier.destroyed) return () => {}
    const { clock } = this.#options
    const set = clock.setTimeout?.bind(clock) ?? systemClock.setTimeout
    const ring = (): void => {
      timer = set(ring, intervalMs)
      act()
    }
    let timer = set(ring, intervalMs)
    const stop = (): void => timer.close()
    this.#carrier.on('close', stop)
    return stop
  }

  #reset(): void {
    if (this.#carrier.destroyed) return
    try {
      this.#carrier.resetAndDestroy()
    } catch {
      this.destroy()
    }
  }

  /** A TLS server of its own, which never listens: which socket became which is beyond doubt then. */
  #secure(options: TlsOptions): Promise<boolean> {
    const { secured } = this.#options
    const server = createServer(options)
    this.#outlet.block()
    return new Promise((resolve) => {
      server.on('secureConnection', (socket) => {
        this.#heed(socket)
        this.#socket = socket
        resolve(true)
        secured?.(this)
        this.#outlet.unblock()
      })
      server.on('tlsClientError', (error) => {
        this.#error = error
        resolve(false)
      })
      this.closed.then(() => resolve(false))
      server.emit('connection', this.#carrier)
    })
  }

  #heed(socket: Socket): void {
    socket.on('error', (error) => {
      this.#error = error
    })
  }
}
