import type { PeerCertificate } from 'node:tls'
import { describe } from '../pool/describe.ts'
import { alertIn, codeOf } from '../pool/failure.ts'
import type { TlsSettings } from './tls-options.ts'

/** What was tried when TLS failed. */
export interface TlsAttempt {
  readonly address: string
  readonly settings: TlsSettings
}

/** Longer lists of names are cut: some certificates are for hundreds. */
const LONGEST_LIST = 200

/**
 * The error of TLS that was not agreed on: it says which check failed, what was expected and what was
 * found, of the `certificate` that the server showed if it came to that. It has the `code` of Node's
 * or OpenSSL's own error, which is its `cause`.
 */
export function tlsFailure(
  error: unknown,
  attempt: TlsAttempt,
  certificate?: PeerCertificate,
): Error {
  const code = codeOf(error)
  const message =
    ofCertificate(code, attempt, certificate) ??
    ofAlert(code, attempt) ??
    ofServer(code, error, attempt)
  return Object.assign(new Error(message, { cause: error }), code === undefined ? {} : { code })
}

/** The error of a certificate that has none of the fingerprints that are trusted. */
export function wrongFingerprint(found: string | undefined, attempt: TlsAttempt): Error {
  const expected = [...(attempt.settings.fingerprints ?? [])].join(', ')
  const has = found === undefined ? 'is unknown' : `has fingerprint ${found}`
  const message = `certificate of ${attempt.address} ${has}, expected one of ${expected}`
  return Object.assign(new Error(message), { code: 'ERR_TLS_CERT_FINGERPRINT_INVALID' })
}

/** What is wrong with the certificate that the server showed. */
function ofCertificate(
  code: unknown,
  { address, settings }: TlsAttempt,
  certificate: PeerCertificate | undefined,
): string | undefined {
  if (certificate?.subject === undefined) return undefined // There was none, for all that types say.
  const whose = `certificate of ${address}`
  const issuer = nameOf(certificate.issuer)
  const now = Date.now()
  const from = Date.parse(certificate.valid_from)
  const to = Date.parse(certificate.valid_to)
  switch (code) {
    case 'ERR_TLS_CERT_ALTNAME_INVALID':
      return `${whose} is for ${holders(certificate)}, and not for "${settings.name}"`
    case 'CERT_HAS_EXPIRED':
      return to < now
        ? `${whose} expired on ${dayOf(to)} (now ${dayOf(now)})`
        : `${whose} is signed by ${issuer}, which has expired, or one above it has`
    case 'CERT_NOT_YET_VALID':
      return from > now
        ? `${whose} is not valid before ${dayOf(from)} (now ${dayOf(now)})`
        : `${whose} is signed by ${issuer}, which is not valid yet, or one above it is not`
    case 'DEPTH_ZERO_SELF_SIGNED_CERT':
      return `${whose} is signed by itself (${issuer}), and is none of those that are trusted (tls.ca)`
    case 'UNABLE_TO_VERIFY_LEAF_SIGNATURE':
      return `${whose} is signed by ${issuer}, which is none of the trusted CAs (tls.ca)`
    case 'SELF_SIGNED_CERT_IN_CHAIN':
    case 'UNABLE_TO_GET_ISSUER_CERT':
    case 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY':
      return `${whose} is signed by ${issuer}, which leads to none of the trusted CAs (tls.ca)`
    case 'INVALID_PURPOSE':
      return `${whose}, or one above it, is not made for what it is used for`
    default:
      return undefined
  }
}

/** What the server has against us. */
function ofAlert(code: unknown, { address, settings }: TlsAttempt): string | undefined {
  const alert = alertIn(code)
  switch (alert) {
    case 'PROTOCOL_VERSION':
      return wrongVersion(address, settings)
    case 'HANDSHAKE_FAILURE':
      return settings.showsCertificate
        ? `${address} refused the TLS handshake: it accepts none of our ciphers, or not our certificate`
        : `${address} refused the TLS handshake: it accepts none of our ciphers, or wants a certificate of ours (tls.cert)`
    case 'CERTIFICATE_REQUIRED':
      return `${address} wants a certificate of ours, and got none (tls.cert)`
    case 'ACCESS_DENIED':
    case 'BAD_CERTIFICATE':
    case 'CERTIFICATE_EXPIRED':
    case 'CERTIFICATE_REVOKED':
    case 'CERTIFICATE_UNKNOWN':
    case 'UNKNOWN_CA':
    case 'UNSUPPORTED_CERTIFICATE':
      return `${address} refused ${settings.showsCertificate ? 'our certificate (tls.cert)' : 'us'}: ${words(alert)}`
    case 'NO_APPLICATION_PROTOCOL':
      return `${address} speaks none of the protocols ${settings.alpnProtocols.join(', ')}`
    case 'UNRECOGNIZED_NAME':
      return `${address} has no certificate for "${settings.name}"`
    case undefined:
      return undefined
    default:
      return `${address} broke TLS off: ${words(alert)}`
  }
}

/** What the server is not, or did. */
function ofServer(code: unknown, error: unknown, { address, settings }: TlsAttempt): string {
  switch (code) {
    case 'ERR_SSL_UNSUPPORTED_PROTOCOL':
      return wrongVersion(address, settings)
    case 'ERR_SSL_DATA_LENGTH_TOO_LONG':
    case 'ERR_SSL_HTTP_REQUEST':
    case 'ERR_SSL_PACKET_LENGTH_TOO_LONG':
    case 'ERR_SSL_UNEXPECTED_MESSAGE':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return `${address} speaks no TLS: it answered with other bytes`
    case 'ECONNRESET': {
      const how = error instanceof Error && 'syscall' in error ? 'reset' : 'closed'
      return `${address} ${how} the connection during the TLS handshake`
    }
    default:
      return `TLS with ${address} failed: ${reasonOf(error)}`
  }
}

function wrongVersion(address: string, { minVersion, maxVersion }: TlsSettings): string {
  const range = maxVersion === 'TLSv1.3' ? 'on' : `to ${maxVersion}`
  return `${address} offers no TLS version from ${minVersion} ${range}`
}

function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** Whom a certificate is for: its common name, if any, and the names and addresses that count. */
function holders({ subject, subjectaltname }: PeerCertificate): string {
  const common = subject.CN === undefined ? '' : `"${subject.CN}"`
  if (subjectaltname === undefined) return common === '' ? 'nobody' : common
  const names =
    subjectaltname.length > LONGEST_LIST
      ? `${subjectaltname.slice(0, LONGEST_LIST)}...`
      : subjectaltname
  return common === '' ? names : `${common} (${names})`
}

/** A distinguished name in short. */
function nameOf(name: PeerCertificate['subject']): string {
  if (name.CN !== undefined) return `CN=${name.CN}`
  const parts = Object.entries(name).map(([key, value]) => `${key}=${value}`)
  return parts.join(', ') || 'nobody'
}

/** OpenSSL's name of something, as words. */
function words(name: string): string {
  return name.toLowerCase().replaceAll('_', ' ')
}

/** What OpenSSL says, without its error numbers and source lines. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && 'reason' in error && typeof error.reason === 'string') {
    return error.reason
  }
  return describe(error)
}
