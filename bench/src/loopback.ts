import { once } from 'node:events'
import { createServer, type Server } from 'node:net'
import { Fault } from './fault.ts'

/** The peer of real sockets: a server in this process that accepts, and says nothing. */
export class Loopback {
  readonly #server: Server
  readonly port: number

  static async start(): Promise<Loopback> {
    const server = createServer((socket) => {
      socket.resume()
      socket.on('error', () => {})
    }).listen(0, '127.0.0.1')
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
