import { Server as NetServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { Server as TlsServer } from 'node:tls'
import type { DialOptions } from '../net/dial.ts'
import type { Handshake } from '../net/handshake.ts'
import type { CustodyOptions } from '../net/socket-custody.ts'
import { keepAliveOf, keepAliveRule } from '../net/tcp-options.ts'
import { nameOf } from '../pool/name.ts'
import { type PoolSettings, SETTINGS_RULES } from '../pool/options.ts'
import {
  callback,
  checkOptions,
  count,
  invalidOption,
  type Owner,
  oneOfValues,
  type Rules,
  span,
  text,
  withInherited,
} from '../pool/rules.ts'
import type { Source } from '../pool/source.ts'
import { allowRule } from './allow-list.ts'
import type { RejectReason } from './handshakes.ts'
import { type ServerTls, serverTlsRule } from './server-tls.ts'

/** Somebody who was turned away. */
export interface Rejection {
  readonly reason: RejectReason
  /** Address and port of the peer, where they are known. */
  readonly address?: string
  /** What went wrong, where something did. */
  readonly error?: unknown
}

const NOT_OF_FED_POOLS = [
  'min',
  'minIdle',
  'max',
  'maxIdle',
  'increment',
  'maxLeases',
  'maxConnecting',
  'createTimeoutMs',
  'backoff',
] as const

/** The settings of a pool that dials nothing. */
type FedPoolSettings = Omit<PoolSettings, (typeof NOT_OF_FED_POOLS)[number]>

/** Where a server pool listens: one of `listener`, `port` and `path`. */
export interface ListenOptions {
  /** A server of the caller's own, who has it listen and closes it. Not one of `node:tls`. */
  readonly listener?: NetServer | undefined
  /** Port to listen on, 0 to 65535; 0: any that is free, which `address()` tells. */
  readonly port?: number | undefined
  /** IP address or host name to listen on. Default: all addresses of the machine. */
  readonly host?: string | undefined
  /** Path of a Unix domain socket or a Windows pipe to listen on. */
  readonly path?: string | undefined
  /** Connections that the system keeps until they are accepted. 1 or more; default 511. */
  readonly backlog?: number | undefined
}

/**
 * What `createServerPool` takes. `idleTimeoutMs` and `maxLifetimeMs` are `Infinity` where they are not
 * given: a stock waits for as long as it has to, and keepalive finds out who is gone.
 */
export interface ServerPoolOptions<S extends Duplex = Socket>
  extends ListenOptions,
    FedPoolSettings,
    Omit<DialOptions, 'localAddress'>,
    Omit<CustodyOptions<NoInfer<S>>, 'serverSpeaksFirst'>,
    Pick<Source<NoInfer<S>>, 'probe' | 'reset' | 'isFatal'> {
  /**
   * Who may connect: IP addresses and networks, such as `'10.0.0.0/8'`. Whoever else does is closed before
   * a byte is read or written. Default: anybody.
   */
  readonly allow?: readonly string[] | undefined
  /** Whether and how TLS is spoken. Default `'off'`. */
  readonly tls?: ServerTls | undefined
  /** Connections in all, handshakes included. 1 or more; default 1,024. */
  readonly maxConnections?: number | undefined
  /** Connections of one address, handshakes included. 1 or more; default Infinity. */
  readonly maxPerPeer?: number | undefined
  /** Handshakes at a time; where there are more the oldest gives way. 1 or more; default 1,024. */
  readonly maxHandshakes?: number | undefined
  /** How long TLS and `handshake` may take together, in ms, over 0. Default 5,000. */
  readonly handshakeTimeoutMs?: number | undefined
  /**
   * Makes a connection ready before it is stocked, once its id is sent. Whoever it throws at is turned
   * away; a stream that it answers takes the socket's place.
   */
  readonly handshake?: Handshake<NoInfer<S>> | undefined
  /** Is told of each peer that is turned away. What it throws is reported once by a process warning. */
  readonly onReject?: ((rejection: Rejection) => void) | undefined
}

const SERVER_RULES: Rules = {
  ...Object.fromEntries(
    Object.entries(SETTINGS_RULES).filter(
      ([name]) => !NOT_OF_FED_POOLS.some((one) => one === name),
    ),
  ),
  listener: {
    check: (value) => value instanceof NetServer && !(value instanceof TlsServer),
    must: 'a server of node:net, not of node:tls: give its certificate as tls: { key, cert }',
  },
  port: {
    check: (value) => Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535,
    must: 'a whole number from 0 to 65535',
  },
  host: text,
  path: text,
  backlog: {
    check: (value) => Number.isSafeInteger(value) && Number(value) >= 1,
    must: 'a whole number of at least 1',
  },
  allow: allowRule,
  tls: serverTlsRule,
  noDelay: oneOfValues(true, false),
  keepAlive: keepAliveRule,
  maxConnections: count(1),
  maxPerPeer: count(1),
  maxHandshakes: count(1),
  handshakeTimeoutMs: span,
  handshake: callback,
  onReject: callback,
  onIdleData: callback,
  strictListeners: oneOfValues(true, false),
  probe: callback,
  reset: callback,
  isFatal: callback,
}

/** What a server pool was given, checked. */
export interface GivenServerOptions {
  readonly name: string
  readonly settings: ServerPoolOptions<Duplex>
}

/**
 * Checks the options of a server pool.
 * @throws InvalidOptionError
 */
export function readServerOptions<S extends Duplex>(
  options: ServerPoolOptions<S>,
): GivenServerOptions {
  const whole = withInherited(options, SERVER_RULES)
  const owner: Owner = { name: nameOf(whole) }
  checkOptions(owner, whole, SERVER_RULES)
  const { listener, port, host, path, backlog } = whole
  const given = Object.entries({ listener, port, path }).filter(([, value]) => value !== undefined)
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none is given' : `${given.length} are given`
    throw invalidOption(
      owner,
      `a server pool needs one of "listener", "port" and "path", but ${found}`,
    )
  }
  if (host !== undefined && port === undefined) {
    throw invalidOption(owner, 'option "host" goes with "port"; leave it out')
  }
  if (backlog !== undefined && listener !== undefined) {
    throw invalidOption(owner, 'option "backlog" does not go with "listener", which has its own')
  }
  const keepAlive = keepAliveOf(owner, whole.keepAlive)
  // Callbacks that take the S of their pool are given no other stream.
  const settings = Object.freeze({ ...whole, keepAlive }) as ServerPoolOptions<Duplex>
  return { name: owner.name, settings }
}
