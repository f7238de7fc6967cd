import type { FailureClass } from '../core/backoff.ts'
import type { ConnectPhase, FailureContext } from './source.ts'

export const FAILURE_CLASSES: ReadonlySet<unknown> = new Set<FailureClass>([
  'config',
  'local',
  'overload',
  'backend',
])

/** Errors of the system, of Node and of OpenSSL that say more than "the backend is in trouble". */
const CODES_OF_CLASS = {
  config: [
    'ENOTFOUND',
    'EAI_NONAME',
    'EAI_NODATA',
    'ENODATA',
    'ERR_INVALID_IP_ADDRESS',
    'ERR_INVALID_RETURN_VALUE',
    // The server's certificate is not accepted.
    'CERT_CHAIN_TOO_LONG',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_REJECTED',
    'CERT_REVOKED',
    'CERT_SIGNATURE_FAILURE',
    'CERT_UNTRUSTED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'ERROR_IN_CERT_NOT_AFTER_FIELD',
    'ERROR_IN_CERT_NOT_BEFORE_FIELD',
    'ERR_TLS_CERT_ALTNAME_FORMAT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_TLS_CERT_FINGERPRINT_INVALID', // Ours, beside Node's.
    'ERR_TLS_DH_PARAM_SIZE',
    'HOSTNAME_MISMATCH',
    'INVALID_CA',
    'INVALID_PURPOSE',
    'PATH_LENGTH_EXCEEDED',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY',
    'UNABLE_TO_DECRYPT_CERT_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNSPECIFIED', // What Node calls the rest of them, such as a key that is too weak.
    // What answered speaks no TLS, or none of the versions that we do.
    'ERR_SSL_DATA_LENGTH_TOO_LONG',
    'ERR_SSL_HTTP_REQUEST',
    'ERR_SSL_PACKET_LENGTH_TOO_LONG',
    'ERR_SSL_UNEXPECTED_MESSAGE',
    'ERR_SSL_UNSUPPORTED_PROTOCOL',
    'ERR_SSL_WRONG_VERSION_NUMBER',
  ],
  local: ['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM'],
} as const

/** Alerts by which a TLS server turns us away for how one of us is set up. */
const CONFIG_ALERTS: ReadonlySet<unknown> = new Set([
  'ACCESS_DENIED',
  'BAD_CERTIFICATE',
  'CERTIFICATE_EXPIRED',
  'CERTIFICATE_REQUIRED',
  'CERTIFICATE_REVOKED',
  'CERTIFICATE_UNKNOWN',
  'HANDSHAKE_FAILURE',
  'INAPPROPRIATE_FALLBACK',
  'INSUFFICIENT_SECURITY',
  'MISSING_EXTENSION',
  'NO_APPLICATION_PROTOCOL',
  'PROTOCOL_VERSION',
  'UNKNOWN_CA',
  'UNRECOGNIZED_NAME',
  'UNSUPPORTED_CERTIFICATE',
  'UNSUPPORTED_EXTENSION',
])

/** OpenSSL puts the version in front that brought an alert, and its own versions do so differently. */
const ALERT = /^ERR_SSL_(?:SSLV3|SSL\/TLS|TLSV1|TLSV13)_(?:ALERT_)?(\w+)$/

const CLASS_OF_CODE: ReadonlyMap<unknown, FailureClass> = new Map<unknown, FailureClass>([
  ...CODES_OF_CLASS.config.map((code) => [code, 'config'] as const),
  ...CODES_OF_CLASS.local.map((code) => [code, 'local'] as const),
])

const contexts = new WeakMap<object, FailureContext>()

/** Notes where an error arose, for `classify`; answers the error. */
export function arisenIn<E>(phase: ConnectPhase, error: E, address?: string): E {
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

/** Where an error arose: in `create` as a whole, at `address` where it is known, unless more was noted. */
export function contextOf(error: unknown, address?: string): FailureContext {
  const noted = typeof error === 'object' && error !== null ? contexts.get(error) : undefined
  return noted ?? (address === undefined ? { phase: 'create' } : { phase: 'create', address })
}

/** The class of an error that the user's `classify` leaves to us. */
export function classOf(error: unknown): FailureClass {
  const code = codeOf(error)
  return CLASS_OF_CODE.get(code) ?? (CONFIG_ALERTS.has(alertIn(code)) ? 'config' : 'backend')
}

/** The TLS alert of the peer that an error's `code` stands for, such as `UNKNOWN_CA`. */
export function alertIn(code: unknown): string | undefined {
  return typeof code === 'string' ? ALERT.exec(code)?.[1] : undefined
}

/** The `code` of an error. Anything can be thrown, also what throws when it is looked at. */
export function codeOf(error: unknown): unknown {
  try {
    return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  } catch {
    return undefined
  }
}
