import { isIP } from 'node:net'
import { generate } from 'selfsigned'

/** A certificate and its private key in PEM: the `cert` and `key` of TLS options. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

/** What a certificate says of its holder. */
export interface CertificateOptions {
  /** Its common name. Default `test`. */
  readonly name?: string
  /** The names and addresses it is for. Default `localhost`, `127.0.0.1` and `::1`. */
  readonly hosts?: readonly string[]
  /** Whether today lies in, after or before the days for which it is valid. Default `current`. */
  readonly validity?: 'current' | 'expired' | 'not yet valid'
}

type Extensions = NonNullable<NonNullable<Parameters<typeof generate>[1]>['extensions']>

const DAY_MS = 86_400_000

/** The first and the last day of a certificate, in days from now. */
const spans = {
  current: [-1, 30],
  expired: [-30, -1],
  'not yet valid': [1, 30],
} as const

const AUTHORITY: Extensions = [
  { name: 'basicConstraints', cA: true, critical: true },
  { name: 'keyUsage', keyCertSign: true, critical: true },
]

/** Signs certificates, with EC keys, all made afresh: none lies in a file and grows old. */
export class CertificateAuthority {
  /** Its own certificate in PEM: the `ca` of those who trust it. */
  readonly cert: string
  readonly #key: string

  /** `name` tells authorities apart: two of one name look like one whose signatures are forged. */
  static async create(name: string): Promise<CertificateAuthority> {
    const { cert, key } = await make({ name }, AUTHORITY)
    return new CertificateAuthority(cert, key)
  }

  private constructor(cert: string, key: string) {
    this.cert = cert
    this.#key = key
  }

  /** Another authority that this one vouches for. */
  async forAuthority(options: Omit<CertificateOptions, 'hosts'>): Promise<CertificateAuthority> {
    const { cert, key } = await make(options, AUTHORITY, { cert: this.cert, key: this.#key })
    return new CertificateAuthority(cert, key)
  }

  /** What a server proves with that it is one of `hosts`. */
  forServer(options: CertificateOptions = {}): Promise<Identity> {
    return make(options, serverExtensions(options), { cert: this.cert, key: this.#key })
  }

  /** What a client proves with that it is `name`. */
  forClient(options: Omit<CertificateOptions, 'hosts'> = {}): Promise<Identity> {
    return make(options, [{ name: 'extKeyUsage', clientAuth: true }], {
      cert: this.cert,
      key: this.#key,
    })
  }
}

/** A server's certificate that nobody but the server itself has signed. */
export function selfSigned(options: CertificateOptions = {}): Promise<Identity> {
  return make(options, serverExtensions(options))
}

function serverExtensions({
  hosts = ['localhost', '127.0.0.1', '::1'],
}: CertificateOptions): Extensions {
  const altNames = hosts.map((host) =>
    isIP(host) === 0 ? { type: 2 as const, value: host } : { type: 7 as const, ip: host },
  )
  return [
    { name: 'extKeyUsage', serverAuth: true },
    { name: 'subjectAltName', altNames },
  ]
}

async function make(
  { name = 'test', validity = 'current' }: CertificateOptions,
  extensions: Extensions,
  ca?: Identity,
): Promise<Identity> {
  const [first, last] = spans[validity]
  const now = Date.now()
  const made = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(now + first * DAY_MS),
    notAfterDate: new Date(now + last * DAY_MS),
    extensions,
    ...(ca !== undefined && { ca }),
  })
  return { cert: made.cert, key: made.private }
}
