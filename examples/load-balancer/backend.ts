import type { Socket } from 'node:net'
import { createTcpPool, type Pool } from 'connpool'

/** One server behind the balancer, and the pool of connections to it. */
export class Backend {
  readonly name: string
  readonly pool: Pool<Socket>
  /** Requests that it answered. */
  answered = 0
  /** Requests that it broke off, or did not answer in time. */
  broken = 0

  constructor(name: string, port: number) {
    this.name = name
    this.pool = createTcpPool({
      name,
      host: '127.0.0.1',
      port,
      max: 20,
      // Owed at all times, so that the pool itself tries a backend that is down: no request has to.
      min: 1,
      // There are others to go to, so one failed dial is enough.
      backoff: { failFastAfter: 1, maxMs: 1_000 },
    })
  }

  /** False while nothing is open and dials fail. */
  get up(): boolean {
    return !this.pool.stats().unavailable
  }
}
