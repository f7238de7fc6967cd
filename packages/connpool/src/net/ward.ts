import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { About } from '../pool/cargo.ts'
import { UnfitError } from '../pool/custody.ts'
import { listen, still, unlisten } from './flow.ts'
import { BirthListeners } from './listeners.ts'
import { type SessionGiver, sessionGiver } from './sessions.ts'
import { hasEnded, isAlive, isSound } from './vitals.ts'

/** Of a user's own dialer it may be another stream than a socket, without what only sockets have. */
export type SocketLike = Duplex & Partial<Pick<Socket, 'ref' | 'unref' | 'setTimeout' | 'timeout'>>

/** What is allowed to the sockets of a pool. */
export interface Terms {
  /** Bytes that arrive before the first lease are for its borrower. */
  readonly serverSpeaksFirst: boolean
  /** Listeners that a borrower left make a socket unfit. */
  readonly strictListeners: boolean
}

/** A socket in custody: what is remembered of it, done to it when it comes and goes, and said of it. */
export class Ward {
  readonly about: About
  readonly #socket: SocketLike
  /** Tells the pool that the connection is of no more use. */
  readonly #died: (error: Error | undefined) => void
  readonly #terms: Terms
  /** Lent; given back in this turn of the loop; or idle, watched, and not holding the process. */
  #stage: 'lent' | 'returned' | 'idle' = 'returned'
  /** It was never lent. */
  #fresh = true
  readonly #listeners: BirthListeners
  /** The encoding that its handshake left, which is what every borrower expects. */
  readonly #encoding: BufferEncoding | null
  /** Its handshake left a `data` listener, which is to hear what every borrower is sent. */
  readonly #flows: boolean
  /** Gives its TLS session; undefined once it did, and where there is none to come. */
  #session: SessionGiver | undefined

  /** Notes what the socket is like now: so it will be lent each time. */
  constructor(
    socket: SocketLike,
    about: About,
    died: (error: Error | undefined) => void,
    terms: Terms,
  ) {
    this.about = about
    this.#socket = socket
    this.#died = died
    this.#terms = terms
    this.#session = sessionGiver(socket)
    this.#flows = socket.readableFlowing === true && socket.listenerCount('data') > 0
    this.#still()
    socket.on('close', () => died(this.#end()))
    if (socket.allowHalfOpen) socket.on('end', this.#ended)
    this.#encoding = socket.readableEncoding
    this.#listeners = new BirthListeners(socket)
  }

  /** Given back: takes off what was left on it. Answers false where it is not fit to be kept. */
  park(): boolean {
    if (!isSound(this.#socket)) return false
    if (this.#stage !== 'lent') return true // Nobody has had it since.
    if (!this.#isAsLent && !this.#restore()) return false
    this.#stage = 'returned'
    if (this.#session?.()) this.#session = undefined
    return true
  }

  /** Answers false where it is not fit to be lent. */
  lend(): boolean {
    const socket = this.#socket
    if (this.#stage === 'lent') return isAlive(socket) // To a probe, after it was looked at for one.
    if (!isSound(socket) && !this.#isGreeted) return false
    if (socket.readableFlowing !== null) {
      if (this.#stage === 'idle') return false
      still(socket) // A tick that the last borrower left behind had it flow.
    }
    if (this.#stage === 'idle') unlisten(socket, this.#ear)
    socket.ref?.() // Its last borrower may have unref'd it, too.
    this.#stage = 'lent'
    this.#fresh = false
    if (this.#flows) socket.resume()
    return true
  }

  /** Idle at the end of the turn. */
  watch(): void {
    const socket = this.#socket
    if (this.#stage === 'idle') return
    this.#stage = 'idle'
    if (socket.readableFlowing !== null) still(socket)
    // What came since the release was not listened for.
    if (socket.readableLength > 0) process.nextTick(this.#ear)
    listen(socket, this.#ear)
    socket.unref?.()
  }

  /** What ended it, or else what makes it unfit. */
  whyUnfit(): Error {
    const dirt = this.#dirt() ?? 'could not be made as it was lent'
    return this.#end() ?? new UnfitError('dirty', dirt)
  }

  /** A half-open one may go on for its borrower; nobody else has any use for it. */
  readonly #ended = (): void => {
    if (this.#stage !== 'lent') this.#died(this.#end())
  }

  /** Something happened to it while it is idle: bytes, or the end. */
  readonly #ear = (): void => {
    if (this.#stage !== 'idle' || this.#isGreeted) return
    if (this.#socket.readableLength > 0) this.#died(this.whyUnfit())
    else this.#socket.read(0) // It has ended, and says so to nobody who does not read.
  }

  /** Bytes that arrive now are for its first borrower. */
  get #awaitsGreeting(): boolean {
    return this.#fresh && this.#terms.serverSpeaksFirst
  }

  get #isGreeted(): boolean {
    return this.#awaitsGreeting && isAlive(this.#socket) && !hasEnded(this.#socket)
  }

  /** Nothing is left on it of who had it. */
  get #isAsLent(): boolean {
    const { readableFlowing, timeout } = this.#socket
    return readableFlowing === null && !timeout && this.#isWhole && this.#listeners.unchanged
  }

  /** Without another encoding, which may hold half a letter back, and not corked: half a request. */
  get #isWhole(): boolean {
    const { readableEncoding, writableCorked } = this.#socket
    return readableEncoding === this.#encoding && writableCorked === 0
  }

  /** Takes off what was left on it. Answers false where it cannot be made as it was lent. */
  #restore(): boolean {
    if (!this.#isWhole || !this.#restoreListeners()) return false
    this.#still()
    return isSound(this.#socket)
  }

  #restoreListeners(): boolean {
    if (this.#listeners.unchanged) return true
    if (this.#terms.strictListeners && this.#listeners.difference().added.length > 0) return false
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

  /** What ended it; undefined while it lives. */
  #end(): Error | undefined {
    const socket = this.#socket
    if (socket.errored !== null) return socket.errored
    // A greeting that nobody reads keeps the end behind it from being told.
    const ended = this.#awaitsGreeting && hasEnded(socket)
    if (isAlive(socket) && !ended) return undefined
    const end = hasEnded(socket) ? 'ended' : socket.destroyed ? 'destroyed' : 'end() was called'
    return new UnfitError('died', `${end} ${this.#spell}`)
  }

  #dirt(): string | undefined {
    const { readableLength: length, readableEncoding: encoding } = this.#socket
    const bytes = length === 1 ? 'byte' : 'bytes'
    if (this.#stage !== 'lent') {
      const hint = this.#fresh ? '; a greeting is for serverSpeaksFirst: true' : ''
      if (length > 0) return `received ${length} ${bytes} ${this.#spell}${hint}`
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
    if (this.#fresh) return 'before it was first lent'
    return this.#stage === 'lent' ? 'while in use' : 'while idle'
  }
}

function namesOf(names: readonly (string | symbol)[]): string {
  return [...new Set(names.map(String))].sort().join(', ')
}
