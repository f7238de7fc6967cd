import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A web server that can be killed, and started again on its port. */
export class WebServer {
  readonly name: string
  readonly #answer: RequestListener
  #server: Server | undefined
  #port = 0

  /** Starts one that answers with its name, or as it is told. */
  static async start(
    name: string,
    answer: RequestListener = (_request, response) => void response.end(name),
  ): Promise<WebServer> {
    const server = new WebServer(name, answer)
    await server.start()
    return server
  }

  private constructor(name: string, answer: RequestListener) {
    this.name = name
    this.#answer = answer
  }

  get port(): number {
    return this.#port
  }

  async start(): Promise<void> {
    const server = createServer(this.#answer)
    server.listen(this.#port, '127.0.0.1')
    await once(server, 'listening')
    this.#server = server
    this.#port = (server.address() as AddressInfo).port // It listens on a port.
  }

  /** Breaks its connections off and stops listening. */
  async kill(): Promise<void> {
    const server = this.#server
    if (server === undefined) return
    this.#server = undefined
    server.close()
    server.closeAllConnections()
    // One that was on its way would keep it from closing.
    server.on('connection', (socket) => socket.destroy())
    await once(server, 'close')
  }
}
