import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { About } from '../pool/cargo.ts'
import { UnfitError } from '../pool/custody.ts'
import { still } from './flow.ts'
import { BirthListeners } from './listeners.ts'
import { type SessionGiver, sessionGiver } from './sessions.ts'
import { isAlive, isSound } from './vitals.ts'

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
  /** Its handshake left a `data` listener, which is to hear what every borrower is sent. */
  readonly flows: boolean
  /** Gives its TLS session; undefined once it did, and where there is none to come. */
  session: SessionGiver | undefined
  readonly #socket: SocketLike
  /** The encoding that its handshake left, which is what every borrower expects. */
  readonly #encoding: BufferEncoding | null
  readonly #listeners: BirthListeners
  /** Listeners that a borrower left make it unfit. */
  readonly #strict: boolean

  /** Notes what the socket is like now: so it will be lent each time. */
  constructor(
    socket: SocketLike,
    about: About,
    died: (error?: unknown) => void,
    strictListeners: boolean,
  ) {
    this.about = about
    this.died = died
    this.#socket = socket
    this.#strict = strictListeners
    this.session = sessionGiver(socket)
    this.flows = socket.readableFlowing === true && socket.listenerCount('data') > 0
    socket.on('close', () => died(this.end()))
    this.#still()
    this.#encoding = socket.readableEncoding
    this.#listeners = new BirthListeners(socket)
  }

  /** Nothing is left on it of who had it. */
  get isAsLent(): boolean {
    const socket = this.#socket
    return (
      socket.readableFlowing === null &&
      !socket.timeout &&
      this.#isWhole &&
      this.#listeners.unchanged
    )
  }

  /** Takes off what was left on it. Answers false where it cannot be made as it was lent. */
  restore(): boolean {
    if (!this.#isWhole || !this.#restoreListeners()) return false
    this.#still()
    return isSound(this.#socket)
  }

  /** What ended it, or else what makes it unfit. */
  whyUnfit(): Error {
    const dirt = this.#dirt() ?? 'could not be made as it was lent'
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

  /** Without another encoding, which may hold half a letter back, and not corked: half a request. */
  get #isWhole(): boolean {
    const { readableEncoding, writableCorked } = this.#socket
    return readableEncoding === this.#encoding && writableCorked === 0
  }

  #restoreListeners(): boolean {
    if (this.#listeners.unchanged) return true
    if (this.#strict && this.#listeners.difference().added.length > 0) return false
    try {
      this.#socket.unpipe() // Tells others, who may throw.
    } catch {
      return false
    }
    return this.#listeners.restore()
  }

  /** Neither flowing nor paused, and without a timeout. */
  #still(): void {
    if (this.#socket.readableFlowing !== null) still(this.#socket)
    if (this.#socket.timeout) this.#socket.setTimeout?.(0)
  }

  #dirt(): string | undefined {
    const { readableLength: length, readableEncoding: encoding } = this.#socket
    const bytes = length === 1 ? 'byte' : 'bytes'
    if (this.stage !== 'lent') {
      if (length > 0) return `received ${length} ${bytes} ${this.#spell}`
      return 'read by a former borrower while idle'
    }
    if (length > 0) return `returned with ${length} unread ${bytes}`
    if (encoding !== this.#encoding) return `returned with the encoding ${encoding}`
    if (this.#socket.writableCorked > 0) return 'returned corked'
    const { added, lost } = this.#listeners.difference()
    if (lost.length > 0) return `lost listeners: ${namesOf(lost)}`
    const names = added.map(([name]) => name)
    if (names.includes('unpipe')) return 'returned while something is piped into it'
    if (names.length > 0) return `left listeners: ${namesOf(names)}`
    return undefined
  }

  /** When it was that something happened to it, which is now. */
  get #spell(): string {
    if (this.fresh) return 'before it was first lent'
    return this.stage === 'lent' ? 'while in use' : 'while idle'
  }
}

function namesOf(names: readonly (string | symbol)[]): string {
  return [...new Set(names.map(String))].sort().join(', ')
}
