import type { Link } from './link.ts'

export type Verb = 'create' | 'probe' | 'reset' | 'flush' | 'destroy'

/** A verb that was called and is still to be answered. */
export class Call {
  readonly verb: Verb
  readonly link: Link
  readonly signal: AbortSignal | null
  /** When it began. */
  readonly sinceMs: number
  readonly promise: Promise<unknown>
  open = true
  readonly #resolve: (answer: unknown) => void
  readonly #reject: (error: unknown) => void

  /** `answered` is called in the very moment in which the pool hears of the answer. */
  constructor(
    verb: Verb,
    link: Link,
    signal: AbortSignal | null,
    sinceMs: number,
    answered: (succeeded: boolean, answer: unknown) => void,
  ) {
    this.verb = verb
    this.link = link
    this.signal = signal
    this.sinceMs = sinceMs
    let settle: [(answer: unknown) => void, (error: unknown) => void] = [() => {}, () => {}]
    this.promise = new Promise((resolve, reject) => {
      settle = [resolve, reject]
    })
    this.#resolve = settle[0]
    this.#reject = settle[1]
    // Before the pool awaits it, so that it is called right before the pool goes on.
    this.promise.then(
      (answer) => answered(true, answer),
      (error) => answered(false, error),
    )
  }

  succeed(answer: unknown): void {
    this.open = false
    this.#resolve(answer)
  }

  fail(error: unknown): void {
    this.open = false
    this.#reject(error)
  }
}
