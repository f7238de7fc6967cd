import { once } from 'node:events'
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net'

/** A server in this process, which knows its connections. */
export class TcpServer implements AsyncDisposable {
  readonly #server: Server
  readonly sockets = new Set<Socket>()
  /** How many connected so far. */
  accepted = 0
  #ended = false
  readonly #waiting: { readonly count: number; readonly tell: () => void }[] = []

  /** Listens on a free port of the loopback, or where it is told. */
  static async start(
    serve: (socket: Socket) => void = echo,
    where: string | ListenOptions = {},
  ): Promise<TcpServer> {
    const server = new TcpServer(serve)
    if (typeof where === 'string') server.#server.listen(where)
    else server.#server.listen({ host: '127.0.0.1', port: 0, ...where })
    await once(server.#server, 'listening')
    return server
  }

  private constructor(serve: (socket: Socket) => void) {
    this.#server = createServer((socket) => {
      this.accepted++
      this.sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.sockets.delete(socket)
        this.#tell()
      })
      // One that was on its way when all was over would keep the server from closing.
      if (this.#ended) socket.destroy()
      else serve(socket)
      this.#tell()
    })
  }

  get port(): number {
    const address = this.#server.address()
    if (address === null || typeof address === 'string') throw new Error('listens on no port')
    return address.port
  }

  /** Resolves once it holds exactly `count` connections. */
  holds(count: number): Promise<void> {
    return new Promise((tell) => {
      this.#waiting.push({ count, tell })
      this.#tell()
    })
  }

  /** Its only connection. */
  get socket(): Socket {
    const [socket] = this.sockets
    if (socket === undefined) throw new Error('there is no connection')
    return socket
  }

  /** Stops listening; connections stay. */
  stopListening(): void {
    this.#server.close()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true
    for (const socket of this.sockets) socket.destroy()
    if (!this.#server.listening) return
    this.#server.close()
    await once(this.#server, 'close')
  }

  #tell(): void {
    for (const { count, tell } of this.#waiting) if (this.sockets.size === count) tell()
  }
}

/** Sends back what it receives. */
export function echo(socket: Socket): void {
  socket.on('data', (bytes) => socket.write(bytes))
}
