import { X509Certificate } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { describe } from '../pool/describe.ts'
import {
  checkOptions,
  invalidOption,
  type Owner,
  oneOf,
  oneOfValues,
  type Rule,
  record,
  text,
  withInherited,
} from '../pool/rules.ts'
import { Sessions } from './sessions.ts'

/** Text in PEM, or its bytes. */
export type Pem = string | Uint8Array

/** A TLS version that a pool speaks. */
export type TlsVersion = 'TLSv1.2' | 'TLSv1.3'

/** How a pool speaks TLS. The chain and the host name of the server's certificate are verified. */
export interface TlsOptions {
  /** The only CAs to trust, or self-signed certificates, in PEM. Default: those that Node comes with. */
  readonly ca?: Pem | readonly Pem[] | undefined
  /** Certificate to show to the server, in PEM, followed by those between it and its CA. With `key`. */
  readonly cert?: Pem | undefined
  /** Private key of `cert`, in PEM. */
  readonly key?: Pem | undefined
  /** What `key` is encrypted with. */
  readonly passphrase?: string | undefined
  /** Name or address to verify the certificate for, and name to ask the server for. Default: `host`. */
  readonly servername?: string | undefined
  /** Protocols to offer, the preferred one first; what was chosen is `socket.alpnProtocol`. Default: none. */
  readonly alpnProtocols?: readonly string[] | undefined
  /** Lowest version. Default `'TLSv1.3'`. */
  readonly minVersion?: TlsVersion | undefined
  /** Highest version. Default: the highest there is. */
  readonly maxVersion?: TlsVersion | undefined
  /**
   * SHA-256 fingerprints, in hexadecimal digits, with or without colons. The server's own certificate
   * must have one of them, besides being verified. Default: any will do.
   */
  readonly fingerprints?: readonly string[] | undefined
  /**
   * Whether the certificate is verified. `false` trusts the one that has one of `fingerprints`; without
   * these it trusts anybody, which a process warning says once per pool. Default true.
   */
  readonly rejectUnauthorized?: boolean | undefined
}

/**
 * Whether and how a pool speaks TLS. `'verify'`: TLS 1.3, chain and host name of the certificate are
 * verified; `'insecure'`: TLS 1.3 with anybody, for development; a process warning says so.
 */
export type Tls = 'off' | 'insecure' | 'verify' | TlsOptions

/** What stays the same for every connection of a pool. */
export interface TlsSettings {
  readonly context: SecureContext
  /** Whether Node verifies the certificate. */
  readonly verifies: boolean
  /** The name or address that the certificate has to be for; undefined: nobody knows, nobody verifies. */
  readonly name: string | undefined
  /** One of these the certificate has to have; null: any will do. */
  readonly fingerprints: ReadonlySet<string> | null
  readonly alpnProtocols: readonly string[]
  readonly minVersion: TlsVersion
  readonly maxVersion: TlsVersion
  /** There is a certificate to show to the server. */
  readonly showsCertificate: boolean
  /** Node does not look at the name when a session is resumed: these are all of one name. */
  readonly sessions: Sessions
}

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const
const MODES = ['off', 'insecure', 'verify'] as const
const CERTIFICATE = /^-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----/

const isPem = (value: unknown): value is Pem =>
  (typeof value === 'string' && value.trim() !== '') || value instanceof Uint8Array

const pem: Rule = { check: isPem, must: 'a text in PEM, or its bytes' }

const listOf = (check: (one: unknown) => boolean): Rule['check'] => {
  return (value) => Array.isArray(value) && value.length > 0 && value.every(check)
}

const TLS_RULES: Readonly<Record<keyof TlsOptions, Rule>> = {
  ca: {
    check: (value) => isPem(value) || listOf(isPem)(value),
    must: `${pem.must}, or a list of them`,
  },
  cert: pem,
  key: { ...pem, secret: true },
  passphrase: {
    check: (value) => typeof value === 'string',
    must: 'a text',
    secret: true,
  },
  servername: text,
  alpnProtocols: {
    check: listOf((one) => typeof one === 'string' && one !== '' && Buffer.byteLength(one) < 256),
    must: "a list of names of 1 to 255 bytes, such as ['h2']",
  },
  minVersion: oneOf(...VERSIONS),
  maxVersion: oneOf(...VERSIONS),
  fingerprints: {
    check: listOf(
      (one) => typeof one === 'string' && /^[\dA-F]{64}$/i.test(one.replaceAll(':', '')),
    ),
    must: 'a list of SHA-256 fingerprints, each 64 hexadecimal digits, with or without colons',
  },
  rejectUnauthorized: oneOfValues(true, false),
}

/** The shape of the option; what is in it is checked by `readTls`. */
export const tlsRule: Rule = {
  check: (value) => MODES.some((mode) => mode === value) || record.check(value),
  must: `${MODES.map((mode) => `'${mode}'`).join(' or ')}, or an object such as { ca }`,
}

/**
 * Reads the option `tls` for connections to `host`; null: they stay plain. Certificates and keys are
 * loaded here, once, so that a bad one is found when the pool is made. Warns of a pool that trusts
 * anybody.
 * @throws InvalidOptionError
 */
export function readTls(owner: Owner, given: Tls = 'off', host?: string): TlsSettings | null {
  if (given === 'off') return null
  const whole = typeof given === 'object' ? given : { rejectUnauthorized: given === 'verify' }
  const options = withInherited<TlsOptions>(whole, TLS_RULES)
  checkOptions(owner, options, TLS_RULES, 'tls.')
  const { ca, servername = host, fingerprints, rejectUnauthorized: verifies = true } = options
  // Of a dot alone nothing is left to verify for: Node would take localhost.
  if (verifies && ['', '.'].includes(servername ?? '')) {
    const fix = 'give "host", or tls: { servername }'
    throw invalidOption(owner, `option "tls" needs a name to verify the certificate for; ${fix}`)
  }
  if (!verifies && ca !== undefined) {
    const fix = 'leave one of them out'
    throw invalidOption(
      owner,
      `option "tls.ca" is of no use if rejectUnauthorized is false; ${fix}`,
    )
  }
  const { minVersion, maxVersion } = versionsOf(owner, options)
  const context = loadContext(owner, options, { minVersion, maxVersion })
  if (!verifies && fingerprints === undefined) warnOfAnybody(owner)
  return Object.freeze({
    context,
    verifies,
    name: servername?.replace(/\.$/, ''), // The dot of a full name is in no certificate.
    fingerprints: fingerprints === undefined ? null : new Set(fingerprints.map(showFingerprint)),
    alpnProtocols: Object.freeze([...(options.alpnProtocols ?? [])]),
    minVersion,
    maxVersion,
    showsCertificate: options.cert !== undefined,
    sessions: new Sessions(),
  })
}

/** A fingerprint as Node writes it: AA:BB:... */
function showFingerprint(digits: string): string {
  return digits
    .replaceAll(':', '')
    .toUpperCase()
    .replace(/..(?=.)/g, '$&:')
}

function versionsOf(
  owner: Owner,
  { minVersion = 'TLSv1.3', maxVersion = 'TLSv1.3' }: TlsOptions,
): Pick<TlsSettings, 'minVersion' | 'maxVersion'> {
  if (VERSIONS.indexOf(minVersion) > VERSIONS.indexOf(maxVersion)) {
    throw invalidOption(
      owner,
      `option "tls.maxVersion" is '${maxVersion}', but the lowest version is '${minVersion}'; ` +
        'lower tls.minVersion',
    )
  }
  return { minVersion, maxVersion }
}

function loadContext(
  owner: Owner,
  { ca, cert, key, passphrase }: TlsOptions,
  versions: Pick<TlsSettings, 'minVersion' | 'maxVersion'>,
): SecureContext {
  checkPairs(owner, { cert, key, passphrase })
  const loaded: SecureContextOptions = { ...versions }
  if (ca !== undefined) {
    const given = typeof ca === 'string' || ca instanceof Uint8Array ? [ca] : ca
    loaded.ca = given.flatMap((one) => certificatesIn(owner, 'ca', one))
  }
  if (cert === undefined || key === undefined) return createSecureContext(loaded)
  loaded.cert = certificatesIn(owner, 'cert', cert).join('')
  load(owner, 'option "tls.cert" is refused', loaded)
  loaded.key = Buffer.from(key)
  if (passphrase !== undefined) loaded.passphrase = passphrase
  const must =
    'option "tls.key" must be the private key of tls.cert in PEM, not the name of a file, ' +
    'and tls.passphrase must open it if it is encrypted'
  return load(owner, must, loaded)
}

/** @throws InvalidOptionError that begins with `must`. */
function load(owner: Owner, must: string, options: SecureContextOptions): SecureContext {
  try {
    return createSecureContext(options)
  } catch (error) {
    throw invalidOption(owner, `${must}; it cannot be used (${describe(error)})`)
  }
}

/** Refuses what goes only with something that is not given. */
function checkPairs(owner: Owner, given: Pick<TlsOptions, 'cert' | 'key' | 'passphrase'>): void {
  const needs = { cert: 'key', key: 'cert', passphrase: 'key' } as const
  for (const name of ['cert', 'key', 'passphrase'] as const) {
    if (given[name] === undefined || given[needs[name]] !== undefined) continue
    throw invalidOption(
      owner,
      `option "tls.${name}" goes with tls.${needs[name]}, which is not given; give both or neither`,
    )
  }
}

/**
 * The certificates in a text, each in PEM of its own. Node takes a `ca` that holds none, or a broken
 * one, in silence, and reads no further where two are not parted by the end of a line.
 */
function certificatesIn(owner: Owner, name: 'ca' | 'cert', given: Pem): string[] {
  const parts = Buffer.from(given)
    .toString('latin1')
    .split(/(?=-----BEGIN )/)
  const found = parts.filter((part) => CERTIFICATE.test(part))
  const must = `option "tls.${name}" must be certificates in PEM, not the name of a file`
  if (found.length === 0) throw invalidOption(owner, `${must}; it holds none`)
  return found.map((part, index) => {
    try {
      return new X509Certificate(part).toString()
    } catch (error) {
      const which = `number ${index + 1} of ${found.length}`
      throw invalidOption(owner, `${must}; ${which} cannot be read (${describe(error)})`)
    }
  })
}

function warnOfAnybody(owner: Owner): void {
  process.emitWarning(
    `${owner.name}: the certificate of the server is not verified, so anybody on the way can pose ` +
      'as the server and read and change what is sent. Trust one CA or one self-signed ' +
      'certificate with tls: { ca }, or pin one with ' +
      'tls: { fingerprints, rejectUnauthorized: false }.',
    { code: 'CONNPOOL_TLS_INSECURE' },
  )
}
