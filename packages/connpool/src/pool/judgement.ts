import type { FailureClass } from '../core/backoff.ts'
import { describe, warnOf } from './describe.ts'
import { classOf, contextOf, FAILURE_CLASSES } from './failure.ts'
import { show } from './rules.ts'
import type { ErrorOrigin, Source } from './source.ts'
import { isThenable } from './thenable.ts'

type Hints<T> = Pick<Source<T>, 'classify' | 'isFatal'>

/**
 * What the user's callbacks say of an error, and what is said of a callback that throws: it is
 * reported once for each verb, and the pool goes by its own answer (law 19).
 */
export class Judgement<T> {
  readonly #pool: string
  readonly #hints: Hints<T>
  readonly #complained = new Set<string>()

  constructor(pool: string, hints: Hints<T>) {
    this.#pool = pool
    this.#hints = hints
  }

  /** The class of a failed dial's error, or of what ended a connection that had `address`. */
  classify(error: unknown, address?: string): FailureClass {
    if (error === undefined) return classOf(error)
    const named = this.call('classify', () =>
      this.#hints.classify?.(error, contextOf(error, address)),
    )
    if (named === undefined) return classOf(error)
    if (FAILURE_CLASSES.has(named)) return named
    this.complain(
      'classify',
      new TypeError(`it answered ${show(named)}, which is no failure class`),
    )
    return classOf(error)
  }

  /** Whether an error means that every connection of the pool is broken. */
  isFatal(error: unknown, from: ErrorOrigin): boolean {
    return this.call('isFatal', () => this.#hints.isFatal?.(error, from)) === true
  }

  /** Calls back; reports what that throws or rejects with, and answers undefined when it throws. */
  call<R>(verb: string, callback: () => R): R | undefined {
    try {
      const answer = callback()
      if (isThenable(answer)) answer.then(undefined, (error) => this.complain(verb, error))
      return answer
    } catch (error) {
      this.complain(verb, error)
      return undefined
    }
  }

  /** Reports a callback that threw, by a process warning. */
  complain(verb: string, error: unknown): void {
    if (this.#complained.has(verb)) return
    this.#complained.add(verb)
    const what = `${verb}() threw: ${describe(error)}`
    const message = `${this.#pool}: ${what}. Nothing was lost; further ones are not reported.`
    warnOf(message, 'CONNPOOL_CALLBACK_THREW', error)
  }
}
