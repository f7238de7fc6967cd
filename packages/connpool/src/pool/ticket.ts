import { type Purpose, Waiter } from '../core/waiter.ts'
import { heed, unheed } from './heed.ts'

type Verb = (...args: never[]) => Promise<unknown>

/** What a ticket is for. */
export interface Request {
  readonly purpose: Purpose
  readonly priority: number
  /** When it was made, in ms of the pool's clock. */
  readonly since: number
  /** How long it may wait, in ms. */
  readonly timeoutMs: number
}

/**
 * The promise of somebody who waits: for a lease, or for the pool to be ready. Once it is settled, or
 * withdrawn, it heeds no signal (laws 8 and 9).
 */
export class Ticket<V> extends Waiter {
  /** How long it may wait, in ms. */
  readonly timeoutMs: number
  /** The verb by which it is asked for, as long as that is on the stack. */
  asking: Verb | null
  readonly #resolve: (value: V) => void
  readonly #reject: (reason: unknown) => void
  #heeded: { readonly signal: AbortSignal; readonly act: () => void } | null = null

  constructor(
    asking: Verb,
    { purpose, priority, since, timeoutMs }: Request,
    resolve: (value: V) => void,
    reject: (reason: unknown) => void,
  ) {
    super(purpose, priority, since)
    this.asking = asking
    this.timeoutMs = timeoutMs
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Calls `withdraw` when `signal` aborts before it is settled. */
  heed(signal: AbortSignal, withdraw: () => void): void {
    this.#heeded = { signal, act: withdraw }
    heed(signal, withdraw)
  }

  grant(value: V): void {
    this.#unheed()
    this.#resolve(value)
  }

  refuse(reason: unknown): void {
    this.#unheed()
    this.#reject(reason)
  }

  /** It is settled, though its holder may hear of it later. */
  #unheed(): void {
    if (this.#heeded === null) return
    unheed(this.#heeded.signal, this.#heeded.act)
    this.#heeded = null
  }
}
