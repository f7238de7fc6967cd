import type { Refusal } from '../core/waiter.ts'
import type { PoolError } from './errors.ts'
import { Circumstances, type Refuser } from './refusal.ts'
import { stackless } from './stackless.ts'
import type { Ticket } from './ticket.ts'

/** So many are told in a turn of the loop: about 1 ms with what simple callers do about it. */
const TOLD_AT_ONCE = 500

/** A verb of the pool. */
export type Verb = (...args: never[]) => Promise<unknown>

interface Rejection {
  readonly ticket: Ticket<never>
  readonly refusal: Refusal
  readonly circumstances: Circumstances
  /** null: made when it is told. */
  readonly error: PoolError | null
}

/**
 * Those who were turned away, until they are told: not before the turn of the loop ends, so that one
 * who tries again at once cannot starve the pool; in order; and a portion a turn, so that ten
 * thousands of them do not stall the loop.
 */
export class Rejections {
  readonly #pool: Refuser
  readonly #tell: (ticket: Ticket<never>, error: PoolError) => void
  /** Those who are being told; let go together, once the last of them is. */
  #telling: readonly Rejection[] = []
  /** How many of them have been told. */
  #told = 0
  /** Those who came since: were they added to the others, that list would never end. */
  #untold: Rejection[] = []
  #circumstances: Circumstances | null = null
  /** Who asks this moment, and is on the stack. */
  #asking: { readonly ticket: Ticket<never>; readonly verb: Verb } | null = null
  #latest: Refusal | null = null

  constructor(pool: Refuser, tell: (ticket: Ticket<never>, error: PoolError) => void) {
    this.#pool = pool
    this.#tell = tell
  }

  /** Whether somebody is to be told. */
  get pending(): boolean {
    return this.#told < this.#telling.length || this.#untold.length > 0
  }

  /** What was so when others were turned away may be so no more. */
  renew(): void {
    this.#circumstances = null
  }

  /** Carries out what somebody asks for; if that is refused at once, the error says where it was asked. */
  asked(ticket: Ticket<never>, verb: Verb, request: () => void): void {
    const outer = this.#asking
    this.#asking = { ticket, verb }
    try {
      request()
    } finally {
      this.#asking = outer
    }
  }

  add(ticket: Ticket<never>, refusal: Refusal): void {
    const asking = this.#asking?.ticket === ticket ? this.#asking : null
    // One kind of refusal after another is not by the same event, or not by the same part of it.
    if (asking !== null || refusal !== this.#latest) this.renew()
    this.#latest = refusal
    this.#circumstances ??= new Circumstances(this.#pool)
    const circumstances = this.#circumstances
    let error: PoolError | null = null
    if (asking !== null) {
      error = stackless(() => circumstances.errorFor(refusal, ticket))
      Error.captureStackTrace(error, asking.verb)
    }
    this.#untold.push({ ticket, refusal, circumstances, error })
  }

  /** Tells the next portion. */
  tellSome(): void {
    this.renew()
    if (!this.pending) return
    const portion = this.#nextPortion()
    const errors = stackless(() => portion.map(errorOf))
    portion.forEach(({ ticket }, index) => {
      const error = errors[index]
      if (error !== undefined) this.#tell(ticket, error)
    })
  }

  #nextPortion(): readonly Rejection[] {
    if (this.#told === this.#telling.length) {
      this.#telling = this.#untold
      this.#untold = []
      this.#told = 0
    }
    const portion = this.#telling.slice(this.#told, this.#told + TOLD_AT_ONCE)
    this.#told += portion.length
    if (this.#told === this.#telling.length) {
      this.#telling = []
      this.#told = 0
    }
    return portion
  }
}

function errorOf({ ticket, refusal, circumstances, error }: Rejection): PoolError {
  return error ?? circumstances.errorFor(refusal, ticket)
}
