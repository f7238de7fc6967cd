import type { AsyncResource } from 'node:async_hooks'
import { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { About } from '../pool/cargo.ts'
import { LONGEST_TIMER_MS } from '../pool/clock.ts'
import { UnfitError } from '../pool/custody.ts'
import type { BirthListeners, Births } from './birth-listeners.ts'
import { endureErrors } from './endure-errors.ts'
import { listen, still, unlisten } from './flow.ts'
import { type SessionGiver, sessionGiver } from './sessions.ts'
import { hasEnded, isAlive, isSound } from './vitals.ts'

/** Of a user's own dialer it may be another stream than a socket, without what only sockets have. */
export type SocketLike = Duplex & Partial<Pick<Socket, 'ref' | 'unref' | 'timeout'>>

/** What is allowed to the sockets of a pool. */
export interface Terms {
  /** Bytes that arrive before the first lease are for its borrower. */
  readonly serverSpeaksFirst: boolean
  /** Listeners that a borrower left make a socket unfit. */
  readonly strictListeners: boolean
  /** Whether the user consumed what arrived at an idle one; it does not throw. Undefined: nobody does. */
  readonly onIdleData: ((socket: Duplex) => boolean) | undefined
  readonly births: Births
  /** The context of the pool, which is of no request. */
  readonly root: AsyncResource
}

const WARD: unique symbol = Symbol('connpool.ward')

/** A socket keeps its ward: a map would cost more than all the rest. */
type Kept = SocketLike & { [WARD]?: Ward | undefined }

export function wardOf(socket: Kept): Ward | undefined {
  return socket[WARD]
}

/**
 * A socket in custody: what is remembered of it, done to it when it comes and goes, and said of it.
 * It knows what must not be lent: what ended, and what has bytes that nobody read (laws 14 and 15).
 */
export class Ward {
  readonly about: About
  readonly #socket: Kept
  /** What holds the process for it: itself, but for a stream that cannot. */
  readonly #holder: SocketLike
  /** Tells the pool that the connection is of no more use. */
  readonly #died: (error: Error | undefined) => void
  readonly #terms: Terms
  /** Lent; given back in this turn of the loop; or idle, watched, and not holding the process. */
  #stage: 'lent' | 'returned' | 'idle' = 'returned'
  #listening = false
  /** It was never lent. */
  #fresh = true
  #listeners: BirthListeners
  /** The encoding that its handshake left, which is what every borrower expects. */
  readonly #encoding: BufferEncoding | null
  /** Its handshake left a `data` listener, which is to hear what every borrower is sent. */
  readonly #flows: boolean
  /** Gives its TLS session; undefined once it did, and where there is none to come. */
  #session: SessionGiver | undefined

  /** Notes what the socket is like now: so it will be lent each time. */
  constructor(
    socket: Kept,
    holder: SocketLike,
    about: About,
    died: (error: Error | undefined) => void,
    terms: Terms,
  ) {
    this.about = about
    this.#socket = socket
    this.#holder = holder
    this.#died = died
    this.#terms = terms
    this.#session = sessionGiver(socket)
    this.#flows = socket.readableFlowing === true && socket.listenerCount('data') > 0
    this.#still()
    if (socket.listenerCount('error') === 0) endureErrors(socket) // The handshake took it off.
    socket[WARD] = this
    socket.on('close', closed)
    if (socket.allowHalfOpen) socket.on('end', ended)
    this.#encoding = socket.readableEncoding
    this.#listeners = terms.births.of(socket)
  }

  /**
   * Where idle data is consumed, hears of it from now on, and has it consumed if some is there already.
   * @throws UnfitError where it was not consumed.
   */
  settleIn(): void {
    const { readableLength: length } = this.#socket
    if (this.#terms.onIdleData === undefined) return
    this.#listen()
    if (length > 0 && !this.#awaitsGreeting && !this.#consumed()) throw this.#received(length)
  }

  /** Given back: takes off what was left on it. Answers false where it is not fit to be kept. */
  park(): boolean {
    if (!isSound(this.#socket)) return false
    if (!this.#isLent) return true // Nobody has had it since.
    if (!this.#isWhole || !this.#restore()) return false
    this.#stage = 'returned'
    if (this.#session?.()) this.#session = undefined
    // Idle data has to be heard of at once: it would make the connection unfit for who is lent it next.
    if (this.#terms.onIdleData !== undefined) this.#listen()
    return true
  }

  /** Answers false where it is not fit to be lent. */
  lend(): boolean {
    const socket = this.#socket
    if (this.#isLent) return isAlive(socket) // To a probe, after it was looked at for one.
    if (!isSound(socket) && !this.#isGreeted) return false
    if (socket.readableFlowing !== null) {
      if (this.#stage === 'idle') return false
      still(socket) // A tick that the last borrower left behind had it flow.
    }
    if (this.#listening) this.#unlisten()
    hold(this.#holder) // Its last borrower may have unref'd it, too.
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
    if (!this.#listening) {
      // What came since the release was not listened for.
      if (socket.readableLength > 0) process.nextTick(() => this.heard())
      this.#listen()
    }
    this.#holder.unref?.()
  }

  /** What ended it, or else what makes it unfit. */
  whyUnfit(): Error {
    const dirt = this.#dirt() ?? 'could not be made as it was lent'
    return this.#end() ?? new UnfitError('dirty', dirt)
  }

  /** Leaves the pool: takes off what the pool put on it, but for what endures its errors. */
  discharge(): void {
    const socket = this.#socket
    socket.off('close', closed)
    socket.off('end', ended)
    if (this.#listening) this.#unlisten()
    socket[WARD] = undefined
  }

  closed(): void {
    this.#died(this.#end())
  }

  /** A half-open one may go on for its borrower; nobody else has any use for it. */
  ended(): void {
    if (!this.#isLent) this.#died(this.#end())
  }

  /** Something happened to it while nobody has it: bytes, or the end. */
  heard(): void {
    const { readableLength: length } = this.#socket
    if (this.#isLent || this.#isGreeted) return
    if (length === 0) {
      this.#socket.read(0) // It has ended, and says so to nobody who does not read.
      return
    }
    if (!this.#awaitsGreeting && this.#consumed()) return
    // Who was asked may have been lent it meanwhile: then its bytes are his.
    if (!this.#isLent) this.#died(this.#end() ?? this.#received(length))
  }

  #listen(): void {
    this.#listening = true
    listen(this.#socket, heard)
  }

  #unlisten(): void {
    this.#listening = false
    unlisten(this.#socket, heard)
  }

  /** Whether the user read all that arrived at an idle one, and goes on reading no longer. */
  #consumed(): boolean {
    const socket = this.#socket
    const consumed = this.#terms.onIdleData?.(socket) === true
    return consumed && isSound(socket) && socket.readableFlowing === null
  }

  get #isLent(): boolean {
    return this.#stage === 'lent'
  }

  /** Bytes that arrive now are for its first borrower. */
  get #awaitsGreeting(): boolean {
    return this.#fresh && this.#terms.serverSpeaksFirst
  }

  get #isGreeted(): boolean {
    return this.#awaitsGreeting && isAlive(this.#socket) && !hasEnded(this.#socket)
  }

  /** Without another encoding, which may hold half a letter back, and not corked: half a request. */
  get #isWhole(): boolean {
    const { readableEncoding, writableCorked } = this.#socket
    return readableEncoding === this.#encoding && writableCorked === 0
  }

  /** Takes off what was left on it. Answers false where it cannot be made as it was lent. */
  #restore(): boolean {
    const untouched = this.#listeners.areAllOf(this.#socket)
    if (!untouched && !this.#restoreListeners()) return false
    this.#still()
    return untouched || isSound(this.#socket) // Whoever is told of a listener may do anything.
  }

  #restoreListeners(): boolean {
    if (this.#terms.strictListeners && this.#listeners.difference(this.#socket).added.length > 0)
      return false
    try {
      this.#socket.unpipe() // Tells others, who may throw.
    } catch {
      return false
    }
    if (!this.#listeners.restore(this.#socket)) return false
    this.#listeners = this.#terms.births.of(this.#socket)
    return true
  }

  /** Neither flowing nor paused, and as if nobody had ever set a timeout. */
  #still(): void {
    const socket = this.#socket
    if (socket.readableFlowing !== null) still(socket)
    if (socket.timeout !== undefined && socket instanceof Socket) this.#disarm(socket)
  }

  /** Node keeps the last timer of a socket, a stopped one too, and with it the stores of who set it. */
  #disarm(socket: Socket): void {
    this.#terms.root.runInAsyncScope(() => socket.setTimeout(LONGEST_TIMER_MS).setTimeout(0))
    // As on a new one, so that it shows whether anybody sets one; for borrowers it is readonly.
    ;(socket as { timeout?: number | undefined }).timeout = undefined
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
    if (!this.#isLent) {
      return length > 0 ? this.#received(length).message : 'read by a former borrower while idle'
    }
    if (length > 0) return `returned with ${bytes(length, 'unread ')}`
    if (encoding !== this.#encoding) return `returned with the encoding ${encoding}`
    if (this.#socket.writableCorked > 0) return 'returned corked'
    const { added, lost } = this.#listeners.difference(this.#socket)
    if (lost.length > 0) return `lost listeners: ${namesOf(lost)}`
    const names = added.map(([name]) => name)
    if (names.includes('unpipe')) return 'returned while something is piped into it'
    if (names.length > 0) return `left listeners: ${namesOf(names)}`
    return undefined
  }

  #received(length: number): UnfitError {
    let hint = ''
    if (this.#terms.onIdleData !== undefined) hint = ', which onIdleData did not consume'
    else if (this.#fresh) hint = '; a greeting is for serverSpeaksFirst: true'
    return new UnfitError('dirty', `received ${bytes(length)} ${this.#spell}${hint}`)
  }

  /** When it was that something happened to it, which is now. */
  get #spell(): string {
    if (this.#fresh) return 'before it was first lent'
    return this.#isLent ? 'while in use' : 'while idle'
  }
}

// One for all sockets: three closures for each would weigh more than the rest.

function closed(this: SocketLike): void {
  wardOf(this)?.closed()
}

function ended(this: SocketLike): void {
  wardOf(this)?.ended()
}

function heard(this: SocketLike): void {
  wardOf(this)?.heard()
}

function bytes(count: number, kind = ''): string {
  return `${count} ${kind}${count === 1 ? 'byte' : 'bytes'}`
}

function namesOf(names: readonly (string | symbol)[]): string {
  return [...new Set(names.map(String))].sort().join(', ')
}

/** As `ref()` of a socket, which takes four times as long to come to its handle: 23 ns of a lease. */
function hold(socket: SocketLike & { readonly _handle?: { ref?(): void } | null }): void {
  const handle = socket._handle // Undocumented: where there is none, the long way.
  if (handle?.ref === undefined) socket.ref?.()
  else handle.ref()
}
