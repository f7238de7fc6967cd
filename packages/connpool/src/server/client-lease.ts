import type { Duplex } from 'node:stream'
import { discard } from '../net/endure-errors.ts'

/**
 * A connection that was taken from a client's stock: it is in the pool no more, and may live for hours. Its
 * release ends it.
 */
export class ClientLease<S extends Duplex> {
  /** What both ends know it by. */
  readonly id: string
  readonly #ended: () => Error
  #connection: S | null

  /** @internal */
  constructor(id: string, connection: S, ended: () => Error) {
    this.id = id
    this.#connection = connection
    this.#ended = ended
  }

  /** Whether one of the endings was called. */
  get isEnded(): boolean {
    return this.#connection === null
  }

  /**
   * The connection.
   * @throws LeaseReleasedError once the lease was ended.
   */
  get connection(): S {
    if (this.#connection === null) throw this.#ended()
    return this.#connection
  }

  /**
   * Ends the connection: what was written is sent, then it is closed.
   * @throws LeaseReleasedError when the lease was ended already.
   */
  release(): void {
    const connection = this.detach()
    connection.end(() => connection.destroy())
  }

  /**
   * Closes the connection at once.
   * @throws LeaseReleasedError when the lease was ended already.
   */
  destroy(): void {
    discard(this.detach())
  }

  /**
   * Leaves the connection to the caller; `put` brings it back to the stock.
   * @throws LeaseReleasedError when the lease was ended already.
   */
  detach(): S {
    const { connection } = this
    this.#connection = null
    return connection
  }

  /** As `destroy`; does nothing on a lease that was ended. */
  [Symbol.dispose](): void {
    if (!this.isEnded) this.destroy()
  }

  /** As `[Symbol.dispose]`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]()
  }
}
