import { heed, unheed } from './heed.ts'
import type { Lease } from './lease.ts'

const nothing = (): void => {}

type Verb = (...args: never[]) => Promise<unknown>

/**
 * The promise of somebody who waits: for a lease, or for the pool to be ready. Once it is settled, or
 * withdrawn, it heeds no signal (laws 8 and 9).
 */
export class Ticket<T> {
  readonly #granted: (lease: Lease<T>) => void
  readonly #ready: () => void
  readonly #refused: (reason: unknown) => void
  /** How long it may wait, in ms. */
  readonly timeoutMs: number
  /** The verb by which it is asked for, as long as that is on the stack. */
  asking: Verb | null
  #signal: AbortSignal | null = null
  #onAbort: (() => void) | null = null

  constructor(
    asking: Verb,
    timeoutMs: number,
    refused: (reason: unknown) => void,
    granted: (lease: Lease<T>) => void,
    ready: () => void = nothing,
  ) {
    this.asking = asking
    this.timeoutMs = timeoutMs
    this.#refused = refused
    this.#granted = granted
    this.#ready = ready
  }

  /** Calls `withdraw` when `signal` aborts before it is settled. */
  heed(signal: AbortSignal, withdraw: () => void): void {
    this.#signal = signal
    this.#onAbort = withdraw
    heed(signal, withdraw)
  }

  grant(lease: Lease<T>): void {
    this.#unheed()
    this.#granted(lease)
  }

  ready(): void {
    this.#unheed()
    this.#ready()
  }

  refuse(reason: unknown): void {
    this.#unheed()
    this.#refused(reason)
  }

  /** It is settled, though its holder may hear of it later. */
  #unheed(): void {
    if (this.#signal === null || this.#onAbort === null) return
    unheed(this.#signal, this.#onAbort)
    this.#signal = null
  }
}
