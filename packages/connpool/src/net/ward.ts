import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { About } from '../pool/cargo.ts'
import { UnfitError } from '../pool/custody.ts'
import { isAlive } from './vitals.ts'

/** Of a user's own dialer it may be another stream than a socket, without what only sockets have. */
export type SocketLike = Duplex & Partial<Pick<Socket, 'ref' | 'unref' | 'setTimeout' | 'timeout'>>

/** A socket in custody: what is remembered of it, and what can be said of it. */
export class Ward {
  readonly about: About
  /** Tells the pool that the connection is of no more use. */
  readonly died: (error?: unknown) => void
  /** Lent; given back in this turn of the loop; or idle, watched, and not holding the process. */
  stage: 'lent' | 'returned' | 'idle' = 'returned'
  /** It was never lent. */
  fresh = true
  readonly #socket: SocketLike
  /** The encoding that its handshake left, which is what every borrower expects. */
  readonly #encoding: BufferEncoding | null

  constructor(socket: SocketLike, about: About, died: (error?: unknown) => void) {
    this.about = about
    this.died = died
    this.#socket = socket
    this.#encoding = socket.readableEncoding
  }

  /**
   * As it was lent: with our listeners; without an encoding, which may hold half a letter back; and
   * not corked, which may hold back half of what was meant for the peer.
   */
  get isIntact(): boolean {
    const socket = this.#socket
    const listened = socket.listenerCount('error') > 0 && socket.listenerCount('close') > 0
    return listened && socket.readableEncoding === this.#encoding && socket.writableCorked === 0
  }

  /** What ended it, or else what makes it unfit. */
  whyUnfit(): Error {
    const dirt = this.#dirt() ?? 'was not fit, and is again'
    return this.end() ?? new UnfitError('dirty', dirt)
  }

  /** What ended it; undefined while it lives. */
  end(): Error | undefined {
    const socket = this.#socket
    if (isAlive(socket)) return undefined
    if (socket.errored !== null) return socket.errored
    const end = socket.readableEnded ? 'ended' : socket.destroyed ? 'destroyed' : 'end() was called'
    return new UnfitError('died', `${end} ${this.#spell}`)
  }

  #dirt(): string | undefined {
    const { readableLength: length, readableEncoding: encoding } = this.#socket
    const lent = this.stage === 'lent'
    const bytes = length === 1 ? 'byte' : 'bytes'
    if (length > 0 && lent) return `returned with ${length} unread ${bytes}`
    if (length > 0) return `received ${length} ${bytes} ${this.#spell}`
    if (encoding !== this.#encoding) return `returned with the encoding ${encoding}`
    if (this.#socket.writableCorked > 0) return 'returned corked'
    const lost = ['error', 'close'].filter((name) => this.#socket.listenerCount(name) === 0)
    if (lost.length > 0) return `returned without the pool's listeners: ${lost.join(', ')}`
    if (!lent && this.#socket.readableFlowing !== null)
      return 'read by a former borrower while idle'
    return undefined
  }

  /** When it was that something happened to it, which is now. */
  get #spell(): string {
    if (this.fresh) return 'before it was first lent'
    return this.stage === 'lent' ? 'while in use' : 'while idle'
  }
}
