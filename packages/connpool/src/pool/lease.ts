import type { CloseReason, Slot } from '../core/slot.ts'
import type { Cargo, Holding } from './cargo.ts'
import type { Timings } from './events.ts'

/** Which connection a lease is for. */
export interface LeaseInfo {
  /** Number of the connection in its pool, from 1. */
  readonly id: number
  /** What both ends of a two-ended pool know it by. */
  readonly name?: string
  /** The address it is connected to, where there is one. */
  readonly address?: string
  /** How long the parts of connecting took, where they were measured. */
  readonly timings?: Timings
}

/** Somebody who holds a connection. */
export interface LeaseHolder {
  readonly connectionId: number
  /** For how long, in ms, to the turn of the loop. */
  readonly heldMs: number
}

export interface ReleaseOptions {
  /**
   * The longest idle spell that may follow, in ms, where it is shorter than `idleTimeoutMs`: an HTTP
   * user passes the server's `Keep-Alive: timeout=`, less a second. 0 or more.
   */
  readonly idleForMs?: number | undefined
}

/** To whom leases are given back. */
export interface Lender<T> {
  /** The bound on the idle spell to come. Refuses a bad one. */
  idleForMs(options: ReleaseOptions): number
  release(slot: Slot<Cargo<T>>, holding: Holding | null, idleForMs: number): void
  destroy(
    slot: Slot<Cargo<T>>,
    holding: Holding | null,
    reason: CloseReason,
    error: unknown,
    from: 'use' | 'destroy',
  ): void
  /** Refuses a connection that others share. */
  checkAlone(slot: Slot<Cargo<T>>): void
  detach(slot: Slot<Cargo<T>>, holding: Holding | null): void
  /** A lease went out of its block without having been ended. */
  unreleased(): void
  endedError(): Error
}

/** Tells whether a lease was ended, for `use()`. */
export let isEnded: (lease: Lease<unknown>) => boolean

/** As `lease.destroy`, for `use()`, whose function threw. */
export let giveUp: (lease: Lease<unknown>, error: unknown) => void

/**
 * The right to use a connection, until one of its endings is called. It is made anew each time
 * and never used again, so that a stale one is known for what it is and changes nothing (law 13).
 *
 * The connection's death, or the pool's `close` and `invalidate`, end no lease: they abort `signal`,
 * and the holder's first ending is then a no-op.
 */
export class Lease<T> {
  static {
    isEnded = (lease) => lease.#slot === null
    giveUp = (lease, error) => lease.#destroy(error, 'use')
  }

  readonly #lender: Lender<T>
  #slot: Slot<Cargo<T>> | null
  readonly #holding: Holding | null
  #recall: AbortController | null = null

  /** @internal */
  constructor(lender: Lender<T>, slot: Slot<Cargo<T>>, holding: Holding | null) {
    this.#lender = lender
    this.#slot = slot
    this.#holding = holding
  }

  /**
   * The connection.
   * @throws LeaseReleasedError once the lease was ended.
   */
  get connection(): T {
    return this.#held().cargo.connection as T // A lent slot has its connection.
  }

  /**
   * What the connection goes by: in a two-ended pool the id that both ends know, elsewhere its number.
   * @throws LeaseReleasedError once the lease was ended.
   */
  get id(): string {
    const { id, cargo } = this.#held()
    return cargo.about.name ?? String(id)
  }

  /**
   * Which connection it is.
   * @throws LeaseReleasedError once the lease was ended.
   */
  get info(): LeaseInfo {
    const { id, cargo } = this.#held()
    return Object.freeze({ id, ...cargo.about })
  }

  /**
   * Aborts when the connection died, or is to be given back because the pool closes or was
   * invalidated. It stops telling once the lease is ended.
   * @throws LeaseReleasedError once the lease was ended.
   */
  get signal(): AbortSignal {
    const { cargo } = this.#held()
    if (this.#recall === null) {
      this.#recall = new AbortController()
      cargo.onRecall(this.#recall)
    }
    return this.#recall.signal
  }

  /**
   * Gives the connection back clean: it may be lent again.
   * @throws LeaseReleasedError when the lease was ended already.
   * @throws InvalidOptionError for a bad `idleForMs`; the lease is then still held.
   */
  release(options?: ReleaseOptions): void {
    const slot = this.#held()
    const idleForMs = options === undefined ? Infinity : this.#lender.idleForMs(options)
    this.#end(slot)
    this.#lender.release(slot, this.#holding, idleForMs)
  }

  /**
   * Gives the connection back broken: it is closed, and never lent again. One that is shared is
   * lent no more, and closed with its last lease.
   * @throws LeaseReleasedError when the lease was ended already.
   */
  destroy(error?: unknown): void {
    this.#destroy(error, 'destroy')
  }

  /**
   * Takes the connection out of the pool for good, for an upgrade or a tunnel. It is the caller's;
   * where it died or was closed under the lease, it is what is left of it.
   * @throws LeaseReleasedError when the lease was ended already.
   * @throws InvalidOptionError when others share the connection; the lease is then still held.
   */
  detach(): T {
    const slot = this.#held()
    this.#lender.checkAlone(slot)
    const { connection } = this
    this.#end(slot)
    this.#lender.detach(slot, this.#holding)
    return connection
  }

  /** Does nothing on an ended lease. Otherwise destroys: a disposer cannot see whether the block threw. */
  [Symbol.dispose](): void {
    const slot = this.#slot
    if (slot === null) return
    this.#end(slot)
    this.#lender.unreleased()
    this.#lender.destroy(slot, this.#holding, 'unreleased', undefined, 'destroy')
  }

  /** As `[Symbol.dispose]`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this[Symbol.dispose]()
  }

  #destroy(error: unknown, from: 'use' | 'destroy'): void {
    const slot = this.#held()
    this.#end(slot)
    this.#lender.destroy(slot, this.#holding, 'destroyed', error, from)
  }

  #held(): Slot<Cargo<T>> {
    if (this.#slot === null) throw this.#lender.endedError()
    return this.#slot
  }

  /** Ended before anything else happens, so that a callback which ends it again finds it ended. */
  #end(slot: Slot<Cargo<T>>): void {
    this.#slot = null
    if (this.#recall !== null) slot.cargo.recalls?.delete(this.#recall)
    if (this.#holding !== null) slot.cargo.holdings?.delete(this.#holding)
  }
}
