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
  ['ENODATA', 'config'],
  ['ERR_INVALID_IP_ADDRESS', 'config'],
  ['ERR_INVALID_RETURN_VALUE', 'config'],
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

/** Notes how far a `create` has come, on its signal: for a message, should it take too long. */
export function reached(phase: ConnectPhase, signal: AbortSignal, address: string): void {
  contexts.set(signal, { phase, address })
}

/** What each phase was about when it took too long. */
const UNDER_WAY: Readonly<Record<ConnectPhase, string>> = {
  create: 'opening',
  lookup: 'resolving',
  connect: 'connecting to',
  tls: 'the TLS handshake with',
  handshake: 'the handshake with',
}

/** The error of a `create` that took longer than `createTimeoutMs`, and how far it had come. */
export function lateCreate(
  pool: string,
  createTimeoutMs: number,
  signal: AbortSignal | undefined,
): unknown {
  const { phase, address } = contextOf(signal)
  const stage = address === undefined ? '' : ` (${UNDER_WAY[phase]} ${address} was under way)`
  const error = new Error(`${pool}: no connection was opened within ${createTimeoutMs} ms${stage}`)
  return arisenIn(phase, error, address)
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

/** The `code` of an error. Anything can be thrown, also what throws when it is looked at. */
export function codeOf(error: unknown): unknown {
  try {
    return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  } catch {
    return undefined
  }
}
