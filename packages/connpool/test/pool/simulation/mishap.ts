import type { FailureClass } from '../../../src/core/backoff.ts'
import type { Chance } from './chance.ts'

/** What the user's `classify` says of an error. */
type Saying = FailureClass | 'nothing' | 'nonsense' | 'throws'

const CODES: Readonly<Record<FailureClass, string>> = {
  config: 'ENOTFOUND',
  local: 'EMFILE',
  overload: 'E_OVERLOAD', // Not known to the pool: without `classify` it is the backend's.
  backend: 'ECONNREFUSED',
}

/** An error of the simulated network, and what its user thinks of it. */
export class Mishap extends Error {
  readonly code: string
  readonly says: Saying
  /** `isFatal` answers this. */
  readonly fatal: unknown

  constructor(code: string, says: Saying, fatal: unknown) {
    super(code)
    this.code = code
    this.says = says
    this.fatal = fatal
  }
}

export function mishap(chance: Chance, failureClass: FailureClass): Mishap {
  const says = chance.oneOf<Saying>(failureClass, failureClass, 'nothing', 'nonsense', 'throws')
  return new Mishap(CODES[failureClass], says, chance.oneOf<unknown>(false, ...FATAL_ANSWERS))
}

const FATAL_ANSWERS = [...Array<boolean>(12).fill(false), true, 'yes', Promise.resolve(true)]

/** What may be thrown besides errors. */
export function oddity(chance: Chance): unknown {
  return chance.oneOf<unknown>(
    new Mishap('ECONNRESET', 'nothing', false),
    undefined,
    null,
    'a text',
    {
      get code(): string {
        throw new Error('do not look')
      },
    },
  )
}

/** The class that the pool has to take an error for. */
export function classOf(error: unknown, hints: boolean): FailureClass {
  if (!(error instanceof Mishap)) return 'backend'
  const { says, code } = error
  if (hints && says !== 'nothing' && says !== 'nonsense' && says !== 'throws') return says
  if (code === CODES.config) return 'config'
  return code === CODES.local ? 'local' : 'backend'
}

/** What somebody gives for a reason: an error, or none. */
export function anyError(chance: Chance): unknown {
  return chance.maybe(0.7) ? mishap(chance, chance.oneOf('backend', 'config', 'local')) : undefined
}
