import type { Socket } from 'node:net'
import type { Connection } from './connection.ts'
import type { Contestant, Entrant, Lease, Limits, Supply } from './contestant.ts'
import { Fault } from './fault.ts'
import { outcome, patienceMs } from './patience.ts'
import { ask, Peer } from './peer.ts'

const limits: Limits = {
  min: 0,
  max: 1,
  // Longer than any row waits: who is not served waits, and is not rescued by a timeout that the row does not mean.
  acquireTimeoutMs: 4 * patienceMs,
  stepTimeoutMs: undefined,
  maxWaiters: undefined,
  heard: true,
}

/** What a row plays on: opens pools and peers, and has them closed in the end. */
export class Scene {
  readonly entrant: Entrant
  readonly #endings: (() => unknown)[] = []

  constructor(entrant: Entrant) {
    this.entrant = entrant
  }

  async open<C extends Connection>(
    supply: Supply<C>,
    given: Partial<Limits> = {},
  ): Promise<Contestant<C>> {
    const pool = await this.entrant.open(supply, { ...limits, ...given })
    this.#endings.push(() => pool.close(0))
    return pool
  }

  /** A pool of sockets to the peer. One that cannot look at a socket by itself asks it a question before each lease. */
  async openSockets(peer: Peer, given: Partial<Limits> = {}): Promise<SocketScene> {
    let asked = 0
    const dialled = new Set<Socket>()
    const supply: Supply<Socket> = {
      create: async () => {
        const socket = await peer.dial()
        dialled.add(socket)
        return socket
      },
      close: async (socket) => {
        socket.destroy()
      },
      probe: async (socket) => {
        asked += 1
        return ask(socket).then(
          (answer) => answer === 'pong',
          () => false,
        )
      },
      reset: undefined,
    }
    const pool = await (this.entrant.openSockets?.(peer.port, { ...limits, ...given }) ??
      this.entrant.open(supply, { ...limits, ...given }))
    this.#endings.push(() => {
      for (const socket of dialled) socket.destroy()
    })
    this.#endings.push(() => pool.close(0))
    return { pool, price: () => (asked > 0 ? 'asks each time' : '') }
  }

  async startPeer(): Promise<Peer> {
    const peer = await Peer.start()
    this.#endings.push(() => peer.end())
    return peer
  }

  /** Resolves after that time, or never when the row ends before. */
  pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.#endings.push(() => clearTimeout(timer))
    })
  }

  /** Closes all that was opened, last first, within patience. */
  async end(): Promise<void> {
    for (const ending of this.#endings.reverse()) await outcome((async () => ending())())
  }
}

/** A pool of sockets, and what its user pays for its passing. */
export interface SocketScene {
  readonly pool: Contestant<Socket>
  readonly price: () => string
}

/** Acquires and gives back at once. */
export async function useOnce<C extends Connection>(pool: Contestant<C>): Promise<C> {
  const lease = await pool.acquire()
  const { connection } = lease // A lease that ended may not say.
  lease.release()
  return connection
}

/** All `count` connections at a time, each lent to one. A Fault where fewer can be had, again and again, within patience. */
export async function takeAll<C extends Connection>(
  pool: Contestant<C>,
  count: number,
): Promise<Lease<C>[]> {
  const leases: Lease<C>[] = []
  const started = performance.now()
  while (leases.length < count) {
    const end = await outcome(pool.acquire())
    if (end.is === 'served') leases.push(end.value)
    else if (end.is === 'pending' || performance.now() - started > patienceMs) {
      throw new Fault(count === 1 ? 'never served' : `${leases.length} of ${count} can be had`)
    }
  }
  if (new Set(leases.map(({ connection }) => connection)).size < count) {
    throw new Fault('lends one to two')
  }
  return leases
}
