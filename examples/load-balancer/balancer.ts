import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PoolError } from 'connpool'
import type { Backend } from './backend.ts'
import { forward } from './forward.ts'

/** How patient a balancer is, in ms. */
export interface Patience {
  /** For how long it waits for a connection to a backend before it asks the next. */
  readonly connectionMs: number
  /** For how long a backend may let it wait for an answer. */
  readonly answerMs: number
}

const PATIENCE: Patience = { connectionMs: 500, answerMs: 10_000 }

/**
 * An HTTP server that hands each request to the next of its backends. One that is down is passed
 * over; a request that one breaks off goes to the next, if asking twice does no harm.
 */
export class Balancer {
  readonly #backends: readonly Backend[]
  readonly #patience: Patience
  readonly #server: Server
  #turn = 0

  /** Starts one on a free port of the loopback. */
  static async start(backends: readonly Backend[], patience = PATIENCE): Promise<Balancer> {
    const balancer = new Balancer(backends, patience)
    balancer.#server.listen(0, '127.0.0.1')
    await once(balancer.#server, 'listening')
    return balancer
  }

  private constructor(backends: readonly Backend[], patience: Patience) {
    this.#backends = backends
    this.#patience = patience
    this.#server = createServer((incoming, outgoing) => this.#serve(incoming, outgoing))
  }

  get port(): number {
    const { port } = this.#server.address() as AddressInfo // It listens on a port.
    return port
  }

  /** Lets those requests end that have begun, and closes the pools. */
  async close(): Promise<void> {
    this.#server.close()
    // One that was on its way would keep it from closing.
    this.#server.on('connection', (socket) => socket.destroy())
    await once(this.#server, 'close')
    await Promise.all(this.#backends.map(({ pool }) => pool.close()))
  }

  async #serve(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const client = new AbortController()
    outgoing.on('close', () => outgoing.writableFinished || client.abort())
    const { connectionMs, answerMs } = this.#patience
    const exchange = { incoming, outgoing, gone: client.signal, answerTimeoutMs: answerMs }
    const asked = new Set<Backend>()
    for (;;) {
      const backend = this.#choose(asked)
      if (backend === undefined) return refuse(outgoing, 503)
      asked.add(backend)
      try {
        await backend.pool.use((_socket, lease) => forward(lease, exchange), {
          timeoutMs: connectionMs,
          signal: client.signal,
        })
        backend.answered++
        return
      } catch (error) {
        if (client.signal.aborted) return
        // It got no connection, so nothing was sent.
        if (error instanceof PoolError) continue
        backend.broken++
        if (!isRepeatable(incoming) || outgoing.headersSent) return refuse(outgoing, 502)
      }
    }
  }

  /** The next backend that is up, and was not asked yet. */
  #choose(asked: ReadonlySet<Backend>): Backend | undefined {
    for (let passed = 0; passed < this.#backends.length; passed++) {
      const backend = this.#backends[this.#turn++ % this.#backends.length]
      if (backend?.up && !asked.has(backend)) return backend
    }
    return undefined
  }
}

/** Whether a request may be sent twice: it changes nothing, and has no body that is gone by then. */
function isRepeatable({ method = '', headers }: IncomingMessage): boolean {
  const empty = headers['content-length'] === undefined && !('transfer-encoding' in headers)
  return empty && ['GET', 'HEAD', 'OPTIONS'].includes(method)
}

function refuse(outgoing: ServerResponse, status: 502 | 503): void {
  // Half an answer cannot be taken back: the client sees it break off.
  if (outgoing.headersSent) outgoing.destroy()
  // A pool tries its backend once a second, or more often.
  else outgoing.writeHead(status, { 'retry-after': '1' }).end()
}
