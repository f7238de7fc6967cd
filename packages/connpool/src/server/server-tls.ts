import type { Socket } from 'node:net'
import {
  createServer,
  type TlsOptions as NodeServerOptions,
  type SecureContextOptions,
  type Server,
  type TLSSocket,
} from 'node:tls'
import { endureErrors } from '../net/endure-errors.ts'
import { describe } from '../pool/describe.ts'
import {
  checkOptions,
  invalidOption,
  type Owner,
  oneOfValues,
  type Rule,
  type Rules,
  record,
  withInherited,
} from '../pool/rules.ts'

/** How a server pool speaks TLS: whatever Node takes for a secure context, and whom it lets in. */
export interface ServerTlsOptions extends SecureContextOptions {
  /** Whether peers must show a certificate that `ca` vouches for (mTLS). Default false. */
  readonly requestCert?: boolean | undefined
  /** With `requestCert: true`: whether who shows none, or another, is turned away. Default true. */
  readonly rejectUnauthorized?: boolean | undefined
  /** Protocols that are spoken, the preferred one first. Default: none is agreed on. */
  readonly ALPNProtocols?: readonly string[] | undefined
}

/** Whether and how a server pool speaks TLS; `minVersion` is `'TLSv1.3'` where it is not given. */
export type ServerTls = 'off' | ServerTlsOptions

const any: Rule = { check: () => true, must: 'what node:tls takes' }
const flag = oneOfValues(true, false)

const TLS_RULES: Rules = {
  requestCert: flag,
  rejectUnauthorized: flag,
  ALPNProtocols: {
    check: (value) =>
      Array.isArray(value) && value.every((one) => typeof one === 'string' && one !== ''),
    must: "a list of names, such as ['h2']",
  },
  ...Object.fromEntries(
    [
      'allowPartialTrustChain',
      'ca',
      'cert',
      'ciphers',
      'clientCertEngine',
      'crl',
      'dhparam',
      'ecdhCurve',
      'honorCipherOrder',
      'maxVersion',
      'minVersion',
      'pfx',
      'privateKeyEngine',
      'privateKeyIdentifier',
      'secureOptions',
      'secureProtocol',
      'sessionIdContext',
      'sessionTimeout',
      'sigalgs',
      'ticketKeys',
    ].map((name) => [name, any]),
  ),
  key: { ...any, secret: true },
  passphrase: { ...any, secret: true },
}

export const serverTlsRule: Rule = {
  check: (value) => value === 'off' || record.check(value),
  must: "'off', or an object such as { key, cert }",
}

/**
 * Reads the option `tls`; null: connections stay plain. Certificates and keys are loaded here, so that a
 * bad one is found when the pool is made.
 * @throws InvalidOptionError
 */
export function readServerTls(owner: Owner, given: ServerTls = 'off'): TlsTerminator | null {
  if (given === 'off') return null
  const options = withInherited<ServerTlsOptions>(given, TLS_RULES)
  checkOptions(owner, options, TLS_RULES, 'tls.')
  const { cert, key, pfx, ca, requestCert = false, rejectUnauthorized = true } = options
  if (pfx === undefined && (cert === undefined || key === undefined)) {
    const fix = 'give tls.key and tls.cert, or tls.pfx'
    throw invalidOption(owner, `option "tls" needs a certificate to show to peers; ${fix}`)
  }
  if (requestCert && rejectUnauthorized && ca === undefined) {
    const why = 'anybody with a certificate of a public CA would be let in'
    throw invalidOption(owner, `option "tls.requestCert" needs tls.ca: without it ${why}`)
  }
  try {
    return new TlsTerminator({
      minVersion: 'TLSv1.3',
      ...options,
      requestCert,
      rejectUnauthorized,
    } as NodeServerOptions)
  } catch (error) {
    throw invalidOption(owner, `option "tls" cannot be used (${describe(error)})`)
  }
}

/** Whoever waits for a handshake. */
interface Pending {
  resolve(socket: TLSSocket): void
  reject(error: Error): void
}

/** What Node's types do not tell of a TLS socket: the one that it stands on. */
interface Inside {
  readonly _parent?: unknown
}

/**
 * The server side of TLS for sockets that somebody else accepted: a TLS server that listens nowhere, so
 * that tickets, certificates and ALPN are Node's own. How long a handshake may take is the caller's
 * business.
 */
export class TlsTerminator {
  readonly #server: Server
  readonly #pending = new WeakMap<object, Pending>()

  constructor(options: NodeServerOptions) {
    this.#server = createServer({ ...options, handshakeTimeout: 2 ** 31 - 1 })
    this.#server.on('secureConnection', (socket) => this.#pendingOf(socket)?.resolve(socket))
    this.#server.on('tlsClientError', (error, socket) => {
      this.#pendingOf(socket)?.reject(reasonOf(error, socket))
      socket.destroy()
    })
  }

  /**
   * Agrees on TLS with the peer.
   * @throws what went wrong, or the reason of `signal`, by rejecting; the socket is destroyed then.
   */
  secure(socket: Socket, signal: AbortSignal): Promise<TLSSocket> {
    return new Promise<TLSSocket>((resolve, reject) => {
      const settle = () => {
        this.#pending.delete(socket)
        signal.removeEventListener('abort', abort)
      }
      const fail = (error: unknown) => {
        settle()
        reject(error)
        socket.destroy()
      }
      const abort = () => fail(signal.reason)
      this.#pending.set(socket, {
        resolve: (secured) => {
          settle()
          endureErrors(secured)
          resolve(secured)
        },
        reject: fail,
      })
      if (signal.aborted) return abort()
      if (socket.destroyed) return fail(new Error('the peer closed the connection ahead of TLS'))
      signal.addEventListener('abort', abort, { once: true })
      this.#server.emit('connection', socket)
    })
  }

  #pendingOf({ _parent: beneath }: TLSSocket & Inside): Pending | undefined {
    return typeof beneath === 'object' && beneath !== null ? this.#pending.get(beneath) : undefined
  }
}

/** Node tells of a refused certificate as of a peer that hung up. */
function reasonOf(error: Error, { authorizationError: refused }: TLSSocket): Error {
  if (!refused) return error
  return Object.assign(new Error(`its certificate is refused: ${String(refused)}`), {
    code: String(refused),
  })
}
