import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type Handshake, shakeHands } from '../net/handshake.ts'
import { Phases } from '../net/phases.ts'
import { Alarm } from '../pool/alarm.ts'
import type { Clock } from '../pool/clock.ts'
import type { Timings } from '../pool/events.ts'
import type { TlsTerminator } from './server-tls.ts'

/** Why a peer was turned away. */
export type RejectReason =
  /** Its address is not in `allow`. */
  | 'notAllowed'
  /** There are `maxConnections`. */
  | 'full'
  /** Its address has `maxPerPeer` connections, or failed so often that it has to wait. */
  | 'perPeer'
  /** It speaks no TLS, or its certificate is refused, or it hung up meanwhile. */
  | 'tls'
  /** The `handshake` threw, or it hung up meanwhile. */
  | 'handshake'
  /** It took longer than `handshakeTimeoutMs`, or was the slowest of `maxHandshakes`. */
  | 'timeout'
  /** The system could not accept it: out of descriptors or memory. */
  | 'accept'

/** Somebody who was let in. */
export interface Guest {
  readonly socket: Socket
  /** The address that it is counted by; null for a Unix domain socket. */
  readonly peer: string | null
  /** Address and port, or the path. */
  readonly address: string
  /** When it came, in ms of the pool's clock. */
  readonly begunAt: number
  /** The id that it was sent; null before. */
  name: string | null
}

/** How connections are made ready. */
export interface HandshakeTerms {
  readonly tls: TlsTerminator | null
  readonly handshake: Handshake<Duplex> | undefined
  readonly timeoutMs: number
  readonly max: number
  readonly clock: Required<Clock>
}

/** What comes of a handshake. */
export interface HandshakeOutcome {
  /** TLS stands, where there is any. */
  secured(guest: Guest, stream: Duplex): void
  done(guest: Guest, stream: Duplex, timings: Timings): void
  /** `isItsFault`: it was not turned away for want of room. */
  failed(guest: Guest, reason: RejectReason, error: unknown, isItsFault: boolean): void
}

const NO_LIMITS = { lookup: Infinity, connect: Infinity, tls: Infinity, handshake: Infinity }
const NO_TIMINGS: Timings = Object.freeze({})

/** One that is under way. */
interface Attempt {
  readonly guest: Guest
  readonly dueAt: number
  readonly stop: AbortController
  /** Why it was stopped; null while it was not. */
  stopped: 'late' | 'gaveWay' | null
}

/**
 * The handshakes of all peers side by side, so that a slow one holds up nobody: each has `timeoutMs`, and
 * where there are `max` of them the oldest gives way to the newest.
 */
export class Handshakes {
  readonly #terms: HandshakeTerms
  readonly #outcome: HandshakeOutcome
  /** The oldest first, so that the first is due first. */
  readonly #underway = new Set<Attempt>()
  readonly #alarm: Alarm

  constructor(terms: HandshakeTerms, outcome: HandshakeOutcome) {
    this.#terms = terms
    this.#outcome = outcome
    this.#alarm = new Alarm(terms.clock, () => this.#elapse())
  }

  get size(): number {
    return this.#underway.size
  }

  begin(guest: Guest): void {
    const { tls, handshake, timeoutMs, max } = this.#terms
    if (tls === null && handshake === undefined) {
      this.#outcome.secured(guest, guest.socket)
      this.#outcome.done(guest, guest.socket, NO_TIMINGS)
      return
    }
    const [oldest] = this.#underway
    if (oldest !== undefined && this.#underway.size >= max) this.#drop(oldest, 'gaveWay')
    const stop = new AbortController()
    const attempt: Attempt = { guest, dueAt: guest.begunAt + timeoutMs, stop, stopped: null }
    this.#underway.add(attempt)
    this.#setAlarm()
    void this.#run(attempt)
  }

  /** Ends all of them. */
  stop(why: Error): void {
    for (const { stop } of this.#underway) stop.abort(why)
  }

  async #run(attempt: Attempt): Promise<void> {
    const { guest, stop } = attempt
    const { socket, address } = guest
    const { tls, handshake, clock } = this.#terms
    const phases = new Phases(NO_LIMITS, clock, stop.signal)
    let stream: Duplex = socket
    let failing: RejectReason = 'tls'
    try {
      if (tls !== null) {
        stream = await phases.run('tls', address, (signal) => tls.secure(socket, signal))
      }
      failing = 'handshake'
      this.#outcome.secured(guest, stream)
      if (handshake !== undefined) {
        stream = await phases.run('handshake', address, (signal) =>
          shakeHands({ stream, address }, handshake, signal),
        )
      }
    } catch (error) {
      this.#end(attempt)
      stream.destroy()
      const reason = attempt.stopped === null ? failing : 'timeout'
      this.#outcome.failed(guest, reason, error, attempt.stopped !== 'gaveWay')
      return
    }
    this.#end(attempt)
    this.#outcome.done(guest, stream, phases.timings)
  }

  #end(attempt: Attempt): void {
    this.#underway.delete(attempt)
    this.#setAlarm()
  }

  #drop(attempt: Attempt, why: 'late' | 'gaveWay'): void {
    const { address } = attempt.guest
    const because = {
      late: `within ${this.#terms.timeoutMs} ms`,
      gaveWay: `before ${this.#terms.max} others had begun`,
    }
    attempt.stopped = why
    this.#underway.delete(attempt)
    attempt.stop.abort(new Error(`${address} did not finish the handshake ${because[why]}`))
  }

  #elapse(): void {
    const now = this.#terms.clock.now()
    for (const attempt of this.#underway) {
      if (attempt.dueAt > now) break
      this.#drop(attempt, 'late')
    }
    this.#setAlarm()
  }

  #setAlarm(): void {
    const [oldest] = this.#underway
    this.#alarm.set(oldest?.dueAt ?? Infinity, false)
  }
}
