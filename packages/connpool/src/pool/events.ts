import type { CloseReason } from '../core/slot.ts'
import { describe, warnOf } from './describe.ts'
import { isThenable } from './thenable.ts'

/** What a pool tells its listeners about. */
export type PoolEventName =
  /** A connection opened; `tookMs` to open it. */
  | 'open'
  /** A connection is gone; `reason` and, where there was one, `error` say why, `tookMs` how long it lived. */
  | 'close'
  /** A lease was made; `tookMs` of waiting. */
  | 'acquire'
  /**
   * A lease ended; `tookMs` it was held, to the turn of the loop, unless the connection died before;
   * `reason` where the connection was destroyed, detached, or found unfit at its release, and `error`
   * where there was one, or what was found.
   */
  | 'release'
  /** An acquire was turned away; `error` is what it rejected with. */
  | 'refuse'
  /** A dial failed, or a connection ended so early that it counts as one; that has a `connectionId`. */
  | 'connectFailed'
  /** A probe failed; `error` is undefined when it resolved to false or took too long. */
  | 'probeFailed'
  /** A reset failed; `error` is undefined when it took too long. */
  | 'resetFailed'
  /** Nothing is open, and acquires are refused from now on. */
  | 'unavailable'
  /** Acquires are served, or wait, again. */
  | 'available'
  /** Not told by this version. */
  | 'leak'
  /** Not told by this version. */
  | 'unleak'
  /** The pool is closed and its last connection is gone. */
  | 'drain'

/** One thing that happened; frozen. */
export interface PoolEvent {
  /** Name of the pool. */
  readonly pool: string
  /** When, in ms of the pool's clock. */
  readonly at: number
  readonly connectionId?: number
  readonly reason?: CloseReason
  readonly error?: unknown
  /** In ms; of what, says the event. */
  readonly tookMs?: number
  /** What both ends of a two-ended pool know the connection by. */
  readonly name?: string
  readonly address?: string
  readonly timings?: Timings
}

/** How long the parts of connecting took, in ms. */
export interface Timings {
  readonly lookup?: number
  readonly connect?: number
  readonly tls?: number
  readonly handshake?: number
}

export type PoolListener = (event: PoolEvent) => void

interface Entry {
  readonly listener: PoolListener
  readonly once: boolean
}

/** A record, so that none can be forgotten: nobody listens. */
const UNHEARD: Readonly<Record<PoolEventName, boolean>> = {
  open: false,
  close: false,
  acquire: false,
  release: false,
  refuse: false,
  connectFailed: false,
  probeFailed: false,
  resetFailed: false,
  unavailable: false,
  available: false,
  leak: false,
  unleak: false,
  drain: false,
}

/** Whether a pool has an event of this name. */
export function isEventName(name: string): name is PoolEventName {
  return Object.hasOwn(UNHEARD, name)
}

/** A pool's listeners. Events are built only when listened to; a listener that throws harms nobody (law 19). */
export class Events {
  readonly #pool: string
  readonly #entries = new Map<PoolEventName, readonly Entry[]>()
  /** Whether anybody listens. */
  readonly heard: Record<PoolEventName, boolean> = { ...UNHEARD }
  #complained = false

  constructor(pool: string) {
    this.#pool = pool
  }

  add(name: PoolEventName, listener: PoolListener, once: boolean): void {
    this.#entries.set(name, [...(this.#entries.get(name) ?? []), { listener, once }])
    this.heard[name] = true
  }

  remove(name: PoolEventName, listener: PoolListener): void {
    const entry = this.#entries.get(name)?.findLast((added) => added.listener === listener)
    if (entry !== undefined) this.#drop(name, entry)
  }

  /** Tells those who listen now. */
  emit(name: PoolEventName, at: number, details: Omit<PoolEvent, 'pool' | 'at'>): void {
    const entries = this.#entries.get(name)
    if (entries === undefined) return
    const event = Object.freeze({ pool: this.#pool, at, ...details })
    for (const entry of entries) {
      // A listener may be taken off while others are told, and be told of another event first.
      if (!this.#entries.get(name)?.includes(entry)) continue
      if (entry.once) this.#drop(name, entry)
      try {
        const done: unknown = entry.listener(event)
        if (isThenable(done)) done.then(undefined, (error) => this.#complain(name, error))
      } catch (error) {
        this.#complain(name, error)
      }
    }
  }

  #drop(name: PoolEventName, entry: Entry): void {
    const left = this.#entries.get(name)?.filter((other) => other !== entry) ?? []
    if (left.length > 0) this.#entries.set(name, left)
    else {
      this.#entries.delete(name)
      this.heard[name] = false
    }
  }

  #complain(name: PoolEventName, error: unknown): void {
    if (this.#complained) return
    this.#complained = true
    const what = `a listener for '${name}' threw: ${describe(error)}`
    const message = `${this.#pool}: ${what}. Further ones are not reported.`
    warnOf(message, 'CONNPOOL_LISTENER_THREW', error)
  }
}
