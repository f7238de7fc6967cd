import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls'
import { createServerPool, type ServerPool } from 'connpool/server'

export interface GateOptions {
  /** Where both ends of the tunnel meet: the address that the agent dials. */
  readonly host: string
  /** Where the agent hears which connection is wanted. */
  readonly controlPort: number
  /** Where the agent keeps its stock of connections. */
  readonly tunnelPort: number
  /** Where the public connects. */
  readonly publicPort: number
  /** The gate's own certificate, and the CA of the agent's. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string }
}

/**
 * The end of the tunnel that can be reached. Each public connection is given one of the connections that the
 * agent keeps in stock here, and the agent is told its id.
 */
export class Gate {
  readonly stock: ServerPool
  readonly #control: TlsServer
  readonly #public: Server
  readonly #agents = new Set<Socket>()
  /** The ids of the connections that clients have. */
  readonly #wanted = new Set<string>()
  readonly #publicConnections = new Set<Socket>()
  readonly #options: GateOptions
  #closing = false

  constructor(options: GateOptions) {
    this.#options = options
    const { host, tunnelPort: port, tls } = options
    this.stock = createServerPool({
      name: 'gate',
      host,
      port,
      tls: { ...tls, requestCert: true },
    })
    this.#control = createTlsServer(
      { ...tls, requestCert: true, minVersion: 'TLSv1.3' },
      (agent) => {
        this.#agents.add(agent)
        // Its stock may have been there before it, and lent already.
        for (const id of this.#wanted) agent.write(`${id}\n`)
        agent.on('error', () => {}).resume()
        agent.on('close', () => this.#agents.delete(agent))
      },
    )
    this.#public = createServer((client) => void this.#serve(client))
  }

  async listen(): Promise<void> {
    const { host, controlPort, publicPort } = this.#options
    this.#control.listen(controlPort, host)
    this.#public.listen(publicPort, host)
    await Promise.all([
      this.stock.ready(),
      once(this.#control, 'listening'),
      once(this.#public, 'listening'),
    ])
  }

  async close(): Promise<void> {
    this.#closing = true
    this.#public.close()
    this.#control.close()
    for (const socket of [...this.#agents, ...this.#publicConnections]) socket.destroy()
    await this.stock.close()
  }

  /** As long as nothing of what the client said is on its way, another connection will do as well. */
  async #serve(client: Socket): Promise<void> {
    this.#publicConnections.add(client)
    client.on('error', () => {})
    client.on('close', () => this.#publicConnections.delete(client))
    try {
      let hasSpoken = false
      while (!hasSpoken && !client.destroyed && !this.#closing) {
        hasSpoken = await this.#carry(client)
      }
    } catch {
      // No connection in time: the client is told by the end.
    }
    client.destroySoon()
  }

  /** Lends the client a connection of the stock until either ends. Answers whether anything went to the agent. */
  async #carry(client: Socket): Promise<boolean> {
    const lease = await this.stock.acquire()
    const { id } = lease
    const far = lease.detach()
    this.#wanted.add(id)
    for (const agent of this.#agents) agent.write(`${id}\n`)
    // Not by its bytesRead: Node has read what is in its buffer, and nobody has it yet.
    let hasSpoken = false
    const speaks = () => {
      hasSpoken = true
    }
    client.once('data', speaks)
    client.pipe(far)
    far.pipe(client, { end: false })
    await new Promise<void>((resolve) => {
      far.once('close', resolve)
      client.once('close', resolve)
    })
    this.#wanted.delete(id)
    client.unpipe(far)
    client.off('data', speaks)
    far.destroy()
    return hasSpoken
  }
}
