import type { Socket } from 'node:net'
import { createTcpPool, type Lease, type TcpPool } from 'connpool'
import type { Lender, LenderTerms } from './lender.ts'

/** A TCP pool as one gets it without asking for more than a size. */
export class ConnpoolLender implements Lender<Lease<Socket>> {
  readonly #pool: TcpPool

  constructor({ port, max }: LenderTerms) {
    this.#pool = createTcpPool({ host: '127.0.0.1', port, max })
  }

  take(): Promise<Lease<Socket>> {
    return this.#pool.acquire()
  }

  socketOf(held: Lease<Socket>): Socket {
    return held.connection
  }

  giveBack(held: Lease<Socket>): void {
    held.release()
  }

  discard(held: Lease<Socket>, error: unknown): void {
    held.destroy(error)
  }

  close(): Promise<void> {
    return this.#pool.close()
  }
}
