/** What is held against the pool. */
export class Violation extends Error {
  /** Which promise is broken: shorter scenarios have to break the same one. */
  readonly law: string

  constructor(law: string, what: string) {
    super(`${law}: ${what}`)
    this.law = law
  }
}

/** What is broken, by which shorter scenarios are known to fail for the same reason. */
export function lawOf(failure: Error): string {
  return failure instanceof Violation ? failure.law : failure.name
}

/**
 * The first violation. It is noted and not thrown: much is seen inside of callbacks, and what is thrown
 * there is for the pool to catch.
 */
export class Verdict {
  first: Error | null = null

  insist(holds: boolean, law: string, what: string): void {
    if (!holds && this.first === null) this.first = new Violation(law, what)
  }

  equal(actual: unknown, expected: unknown, law: string, what: string): void {
    if (Object.is(actual, expected) || this.first !== null) return
    this.first = new Violation(law, `${what} is ${String(actual)}, and not ${String(expected)}`)
  }
}
