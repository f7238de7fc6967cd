import { type Purpose, Waiter } from '../core/waiter.ts'
import { type Heeder, heed, unheed } from './heed.ts'

/** Where a ticket is withdrawn. */
export interface TicketOffice {
  /** Whoever has the ticket waits no more. Answers false when it was settled already. */
  withdraw(ticket: Waiter): boolean
}

/** Withdraws a ticket when a signal aborts. */
class Withdrawal implements Heeder {
  readonly signal: AbortSignal
  readonly #ticket: Ticket<never>
  readonly #office: TicketOffice

  constructor(ticket: Ticket<never>, signal: AbortSignal, office: TicketOffice) {
    this.signal = signal
    this.#ticket = ticket
    this.#office = office
  }

  aborted(reason: unknown): void {
    if (this.#office.withdraw(this.#ticket)) this.#ticket.refuse(reason)
  }
}

/**
 * The promise of somebody who waits: for a lease, or for the pool to be ready. Once it is settled, or
 * withdrawn, it heeds no signal (laws 8 and 9).
 */
export class Ticket<V> extends Waiter {
  readonly #resolve: (value: V) => void
  readonly #reject: (reason: unknown) => void
  #withdrawal: Withdrawal | null = null

  constructor(
    purpose: Purpose,
    priority: number,
    timeoutMs: number,
    resolve: (value: V) => void,
    reject: (reason: unknown) => void,
  ) {
    super(purpose, priority, timeoutMs)
    this.#resolve = resolve
    this.#reject = reject
  }

  /** Is withdrawn when `signal` aborts before it is settled. */
  heed(signal: AbortSignal, office: TicketOffice): void {
    this.#withdrawal = new Withdrawal(this, signal, office)
    heed(signal, this.#withdrawal)
  }

  grant(value: V): void {
    if (this.#withdrawal !== null) this.#unheed(this.#withdrawal)
    this.#resolve(value)
  }

  refuse(reason: unknown): void {
    if (this.#withdrawal !== null) this.#unheed(this.#withdrawal)
    this.#reject(reason)
  }

  /** It is settled, though its holder may hear of it later. */
  #unheed(withdrawal: Withdrawal): void {
    unheed(withdrawal.signal, withdrawal)
    this.#withdrawal = null
  }
}
