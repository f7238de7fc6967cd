import type { Socket } from 'node:net'

/** What can be sent; text as UTF-8. */
export type Bytes = string | Uint8Array

/** Bytes that wait to be sent, or `null` for the FIN behind them. */
interface Piece {
  bytes: Buffer | null
  readonly sent: () => void
}

/**
 * What a connection sends, in order: at once, or, while it drips, as many bytes as it is told to let
 * through. Its promises resolve once the system has the bytes, or the connection is closed; none rejects.
 */
export class Outlet {
  readonly #socket: () => Socket
  #waiting: Piece[] = []
  #dripping = false
  #blocked = false
  #ended = false

  /** Asks for the socket at each write: TLS changes it. */
  constructor(socket: () => Socket) {
    this.#socket = socket
  }

  /** Drops what is written after the FIN. */
  write(bytes: Bytes): Promise<void> {
    if (this.#ended || bytes.length === 0) return Promise.resolve()
    return this.#put(Buffer.from(bytes))
  }

  end(): Promise<void> {
    if (this.#ended) return Promise.resolve()
    this.#ended = true
    return this.#put(null)
  }

  drip(): void {
    this.#dripping = true
  }

  flow(): void {
    this.#dripping = false
    this.tick(Infinity)
  }

  /** Nothing passes until `unblock`, not even a FIN. */
  block(): void {
    this.#blocked = true
  }

  unblock(): void {
    this.#blocked = false
    this.tick(this.#dripping ? 0 : Infinity)
  }

  /** A FIN follows the byte before it by itself. */
  tick(count: number): void {
    if (this.#blocked) return
    let left = count
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const { bytes } = next
      if (bytes === null || bytes.length <= left) {
        this.#waiting.shift()
        this.#send(next)
        left -= bytes?.length ?? 0
      } else {
        if (left > 0) this.#send({ bytes: bytes.subarray(0, left), sent: () => {} })
        next.bytes = bytes.subarray(left)
        return
      }
    }
  }

  /** Nothing can be sent any more. */
  close(): void {
    this.#ended = true
    for (const { sent } of this.#waiting) sent()
    this.#waiting = []
  }

  #put(bytes: Buffer | null): Promise<void> {
    return new Promise((sent) => {
      this.#waiting.push({ bytes, sent })
      this.tick(this.#dripping ? 0 : Infinity)
    })
  }

  #send({ bytes, sent }: Piece): void {
    const socket = this.#socket()
    if (socket.destroyed) sent()
    else if (bytes === null) socket.end(() => sent())
    else socket.write(bytes, () => sent())
  }
}
