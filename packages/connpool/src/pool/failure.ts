import type { FailureClass } from '../core/backoff.ts'
import type { ConnectPhase, FailureContext } from './source.ts'

export const FAILURE_CLASSES: ReadonlySet<unknown> = new Set<FailureClass>([
  'config',
  'local',
  'overload',
  'backend',
])

/** System errors that say more than "the backend is in trouble". */
const CLASS_OF_CODE: ReadonlyMap<unknown, FailureClass> = new Map<unknown, FailureClass>([
  ['ENOTFOUND', 'config'],
  ['EAI_NONAME', 'config'],
  ['EAI_NODATA', 'config'],
  ['EMFILE', 'local'],
  ['ENFILE', 'local'],
  ['EADDRNOTAVAIL', 'local'],
  ['ENOBUFS', 'local'],
  ['ENOMEM', 'local'],
])

const contexts = new WeakMap<object, FailureContext>()

/** Notes where an error arose, for `classify`; answers the error. */
export function arisenIn(phase: ConnectPhase, error: unknown, address?: string): unknown {
  if (typeof error === 'object' && error !== null) {
    contexts.set(error, address === undefined ? { phase } : { phase, address })
  }
  return error
}

/** Where an error arose: in `create` as a whole, unless somebody noted more. */
export function contextOf(error: unknown): FailureContext {
  const noted = typeof error === 'object' && error !== null ? contexts.get(error) : undefined
  return noted ?? { phase: 'create' }
}

/** The class of an error that the user's `classify` leaves to us. */
export function classOf(error: unknown): FailureClass {
  return CLASS_OF_CODE.get(codeOf(error)) ?? 'backend'
}

/** Anything can be thrown, also what throws when it is looked at. */
function codeOf(error: unknown): unknown {
  try {
    return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  } catch {
    return undefined
  }
}
