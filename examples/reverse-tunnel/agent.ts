import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { createTcpPool, type TcpPool } from 'connpool'
import { type ClientPool, createClientPool } from 'connpool/server'

export interface AgentOptions {
  /** The gate, as its certificate names it. */
  readonly host: string
  readonly controlPort: number
  readonly tunnelPort: number
  /** Where the service listens, on the loopback of this machine. */
  readonly servicePort: number
  /** The agent's own certificate, and the CA of the gate's. */
  readonly tls: { readonly cert: string; readonly key: string; readonly ca: string }
}

/** Delays between trials while the gate is away: whoever waits there waits for us. */
const backoff = { initialMs: 50, maxMs: 1_000, failFastAfter: Number.POSITIVE_INFINITY }

/**
 * The end of the tunnel that nobody can reach: it dials the gate, keeps connections in stock there, and takes
 * those whose ids the gate tells.
 */
export class Agent {
  readonly stock: ClientPool
  readonly #control: TcpPool
  readonly #servicePort: number
  readonly #carried = new Set<Socket>()
  #closing = false
  readonly #ended: Promise<void>

  constructor({ host, controlPort, tunnelPort, servicePort, tls }: AgentOptions) {
    this.#servicePort = servicePort
    const common = { host, tls, backoff }
    this.stock = createClientPool({
      ...common,
      name: 'tunnels',
      port: tunnelPort,
      minCapacity: 16,
      maxCapacity: 128,
      minIntervalMs: 50,
      maxIntervalMs: 500,
    })
    this.#control = createTcpPool({
      ...common,
      name: 'control',
      port: controlPort,
      max: 1,
      min: 1,
      serverSpeaksFirst: true, // Somebody may be waiting there already.
    })
    this.#ended = this.#obey()
  }

  async close(): Promise<void> {
    this.#closing = true
    for (const socket of this.#carried) socket.destroy()
    await Promise.all([this.#control.close({ graceMs: 0 }).catch(() => {}), this.stock.close()])
    await this.#ended
  }

  /** Hears the gate, and whenever it went away, the next one. */
  async #obey(): Promise<void> {
    while (!this.#closing) {
      const lease = await this.#control.acquire({ timeoutMs: Infinity }).catch(() => null)
      if (lease === null) continue
      try {
        const lines = createInterface({ input: lease.connection, signal: lease.signal })
        for await (const id of lines) void this.#carry(id)
      } catch {
        // The gate is gone.
      }
      lease.destroy()
    }
  }

  async #carry(id: string): Promise<void> {
    const lease = await this.stock.acquireById(id, { timeoutMs: 5_000 }).catch(() => null)
    if (lease === null) return // It is another agent's, or ended.
    const far = lease.detach()
    const service = connect(this.#servicePort, '127.0.0.1')
    for (const [socket, other] of [
      [far, service],
      [service, far],
    ] as const) {
      this.#carried.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#carried.delete(socket)
        other.destroySoon()
      })
      socket.pipe(other)
    }
  }
}
