import type { Clock, Timer } from '../pool/clock.ts'
import type { Timings } from '../pool/events.ts'
import { arisenIn, reached } from '../pool/failure.ts'
import { isLimit, timeoutError } from './patience.ts'

/** A part of connecting that is timed. */
export type Phase = keyof Timings

/** How long each phase may take, in ms, over 0. */
export type PhaseLimits = Readonly<Record<Phase, number>>

/** What each phase failed to do when its time is over. */
const LATE: Readonly<Record<Phase, string>> = {
  lookup: 'was not resolved',
  connect: 'did not accept the connection',
  tls: 'did not finish the TLS handshake',
  handshake: 'did not finish the handshake',
}

/**
 * The phases of one connection's making, one after the other under one signal, with which they end
 * (law 18). Each has a time of its own inside that, is measured, and leaves on what it throws where
 * that arose.
 */
export class Phases {
  readonly #limits: PhaseLimits
  readonly #clock: Required<Clock>
  readonly #signal: AbortSignal
  readonly #timings: { -readonly [P in Phase]?: number } = {}

  constructor(limits: PhaseLimits, clock: Required<Clock>, signal: AbortSignal) {
    this.#limits = limits
    this.#clock = clock
    this.#signal = signal
  }

  /** How long the phases took. None comes after them. */
  get timings(): Timings {
    return Object.freeze(this.#timings)
  }

  /**
   * Runs a phase. `act` ends by the signal that it is given, which aborts when the connection is not
   * wanted any more or the time of the phase is over.
   */
  async run<R>(
    phase: Phase,
    address: string,
    act: (signal: AbortSignal) => Promise<R>,
  ): Promise<R> {
    const begun = this.#clock.now()
    reached(phase, this.#signal, address)
    try {
      this.#signal.throwIfAborted()
      const answer = await this.#limited(phase, address, act)
      this.#timings[phase] = this.#clock.now() - begun
      return answer
    } catch (error) {
      throw arisenIn(phase, errorOf(error, phase), address)
    }
  }

  async #limited<R>(
    phase: Phase,
    address: string,
    act: (signal: AbortSignal) => Promise<R>,
  ): Promise<R> {
    const limitMs = this.#limits[phase]
    if (!isLimit(limitMs)) return act(this.#signal)
    const limit = new AbortController()
    const abort = () => limit.abort(this.#signal.reason)
    const expire = () => limit.abort(timeoutError(`${address} ${LATE[phase]}`, limitMs))
    const timer: Timer = this.#clock.setTimeout(expire, Math.max(1, Math.ceil(limitMs)))
    timer.unref()
    this.#signal.addEventListener('abort', abort, { once: true })
    try {
      return await act(limit.signal)
    } finally {
      timer.close()
      this.#signal.removeEventListener('abort', abort)
    }
  }
}

/** An error, whatever was thrown: where it arose can be noted on nothing else. */
function errorOf(thrown: unknown, phase: Phase): unknown {
  if (typeof thrown === 'object' && thrown !== null) return thrown
  return new Error(`the ${phase} threw ${String(thrown)}`, { cause: thrown })
}
