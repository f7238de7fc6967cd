import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { Fault } from './fault.ts'

/** The peer of real sockets: a server in this process that accepts, and says nothing of its own accord. */
export class Loopback {
  readonly #server: Server
  readonly port: number

  /** With `greet` for peers that must say something before they are a server at all. */
  static async start(greet: (socket: Socket) => void = listenOnly): Promise<Loopback> {
    const server = createServer((socket) => {
      socket.on('error', () => {})
      greet(socket)
    })
    // More than are ever opened together: one that found no room would be tried again a second later.
    server.listen({ port: 0, host: '127.0.0.1', backlog: 4_096 })
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Fault('the peer has no port')
    return new Loopback(server, address.port)
  }

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** Resolves once the last of its connections has ended. */
  async close(): Promise<void> {
    this.#server.close()
    await once(this.#server, 'close')
  }
}

function listenOnly(socket: Socket): void {
  socket.resume()
}
