import { randomBytes } from 'node:crypto'
import type { ListenOptions, Socket } from 'node:net'
import { createServer, type Server, type TLSSocket, type TlsOptions } from 'node:tls'
import { echo, TcpServer } from './tcp-server.ts'

/** A TLS server in this process, which knows its connections and how they were agreed on. */
export class TlsServer implements AsyncDisposable {
  readonly tcp: TcpServer
  readonly #tls: Server
  /** Every connection with which TLS was agreed on, in order. */
  readonly secured: TLSSocket[] = []
  /** Which of them resumed a session. */
  readonly resumed: boolean[] = []
  /** How many of the next connections are reset at their first bytes. */
  resets = 0

  /** Listens on a free port of the loopback, or where it is told; echoes, or serves as it is told. */
  static async start(
    options: TlsOptions,
    serve: (socket: TLSSocket) => void = echo,
    where: string | ListenOptions = {},
  ): Promise<TlsServer> {
    const tls = createServer(options)
    const begin = (socket: Socket) => {
      if (server.resets-- > 0) socket.once('data', () => socket.resetAndDestroy())
      else tls.emit('connection', socket)
    }
    const tcp = await TcpServer.start((socket) => begin(socket), where)
    const server = new TlsServer(tcp, tls, serve)
    return server
  }

  private constructor(tcp: TcpServer, tls: Server, serve: (socket: TLSSocket) => void) {
    this.tcp = tcp
    this.#tls = tls
    tls.on('tlsClientError', () => {})
    tls.on('secureConnection', (socket) => {
      this.secured.push(socket)
      this.resumed.push(socket.isSessionReused())
      socket.on('error', () => {})
      serve(socket)
    })
  }

  get port(): number {
    return this.tcp.port
  }

  /** The newest connection with which TLS was agreed on. */
  get newest(): TLSSocket {
    const socket = this.secured.at(-1)
    if (socket === undefined) throw new Error('there was no connection')
    return socket
  }

  /** Shows another certificate from now on. */
  renew(options: TlsOptions): void {
    this.#tls.setSecureContext(options)
  }

  /** Resumes no session that began before. */
  forgetSessions(): void {
    this.#tls.setTicketKeys(randomBytes(48))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.secured) socket.destroy()
    await this.tcp[Symbol.asyncDispose]()
  }
}

/** Upgrades a socket of a server's to TLS. */
export function upgrade(socket: Socket, options: TlsOptions, serve = echo): void {
  const tls = createServer(options, (secured) => {
    secured.on('error', () => {})
    serve(secured)
  })
  tls.on('tlsClientError', () => {})
  tls.emit('connection', socket)
}
