import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { nameOf } from '../pool/name.ts'
import { type PoolSettings, SETTINGS_RULES } from '../pool/options.ts'
import {
  callback,
  checkOptions,
  invalidOption,
  type Owner,
  oneOfValues,
  type Rule,
  type Rules,
  span,
  text,
  withInherited,
} from '../pool/rules.ts'
import type { Source } from '../pool/source.ts'
import { DEFAULT_HOST, type PathAddress, showAddress, type TcpAddress } from './address.ts'
import type { DialAddress, DialOptions, KeepAlive } from './dial.ts'
import type { Handshake } from './handshake.ts'
import type { Lookup } from './lookup.ts'
import type { OwnDialer, OwnTlsDialer } from './own-dialer.ts'
import type { CustodyOptions } from './socket-custody.ts'
import { type Tls, tlsRule } from './tls-options.ts'

/** What a TCP pool takes besides its address. */
export interface TcpPoolSettings<S extends Duplex = Socket>
  extends PoolSettings,
    DialOptions,
    CustodyOptions<NoInfer<S>>,
    Pick<Source<NoInfer<S>>, 'probe' | 'reset' | 'classify' | 'isFatal'> {
  /** IP version of the addresses that a host name resolves to: 4, 6, or 0 for either. Default 0. */
  readonly family?: 0 | 4 | 6 | undefined
  /**
   * Resolves the host name. Default: the system's resolver, whose answers hold for 30 s. The answers
   * of another hold for their `ttl`, though for 1 s at least and 5 minutes at most. What it throws is a
   * failed dial, unless an earlier answer is known.
   */
  readonly lookup?: Lookup | undefined
  /** Whether and how TLS is spoken. Default `'off'`. */
  readonly tls?: Tls | undefined
  /**
   * Makes a connection ready before it counts as open. What it throws is a failed dial; a stream that it
   * answers takes the socket's place, and one that comes too late is destroyed.
   */
  readonly handshake?: Handshake<NoInfer<S>> | undefined
  /** How long a lookup may take, in ms, over 0. Default: no longer than the whole, `createTimeoutMs`. */
  readonly lookupTimeoutMs?: number | undefined
  /** How long dialling may take, all addresses together, in ms, over 0. Default as `lookupTimeoutMs`. */
  readonly connectTimeoutMs?: number | undefined
  /** How long the TLS handshake may take, in ms, over 0. Default as `lookupTimeoutMs`. */
  readonly tlsTimeoutMs?: number | undefined
  /** How long the handshake may take, in ms, over 0. Default as `lookupTimeoutMs`. */
  readonly handshakeTimeoutMs?: number | undefined
}

/** What `createTcpPool` takes: where to connect to, or who does it, and the settings. */
export type TcpPoolOptions<S extends Duplex = Socket> = (
  | TcpAddress
  | PathAddress
  | OwnDialer<S>
  | OwnTlsDialer
) &
  TcpPoolSettings<S>

const KEEP_ALIVE_RULES: Record<keyof KeepAlive, Rule> = {
  delayMs: {
    check: (value) => typeof value === 'number' && value >= 1_000 && value <= 32_767_000,
    must: 'a number of milliseconds from 1000 to 32767000; keepAlive: false switches it off',
  },
  intervalMs: {
    check: (value) => typeof value === 'number' && value >= 1_000 && value <= 32_767_000,
    must: 'a number of milliseconds from 1000 to 32767000',
  },
  count: {
    check: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 127,
    must: 'a whole number from 1 to 127',
  },
}

const ADDRESS_RULES: Record<keyof TcpAddress | keyof PathAddress | keyof OwnDialer, Rule> = {
  host: text,
  port: {
    check: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535,
    must: 'a whole number from 1 to 65535',
  },
  path: text,
  connect: callback,
}

export const keepAliveRule: Rule = {
  check: (value) => value === false || (typeof value === 'object' && value !== null),
  must: 'false, or an object such as { delayMs: 30_000 }',
}

export const TCP_RULES: Rules = {
  ...SETTINGS_RULES,
  ...ADDRESS_RULES,
  localAddress: {
    check: (value) => typeof value === 'string' && isIP(value) !== 0,
    must: 'an IP address of this machine',
  },
  family: oneOfValues(0, 4, 6),
  noDelay: oneOfValues(true, false),
  keepAlive: keepAliveRule,
  lookup: callback,
  tls: tlsRule,
  handshake: callback,
  onIdleData: callback,
  serverSpeaksFirst: oneOfValues(true, false),
  strictListeners: oneOfValues(true, false),
  lookupTimeoutMs: span,
  connectTimeoutMs: span,
  tlsTimeoutMs: span,
  handshakeTimeoutMs: span,
  probe: callback,
  reset: callback,
  classify: callback,
  isFatal: callback,
}

/** Where a pool connects to, or who does. */
export type Target = DialAddress | OwnDialer

/** What a TCP pool was given, checked. */
export interface GivenOptions {
  readonly name: string
  /** Where it connects to, in messages. */
  readonly place: string
  readonly target: Target
  readonly settings: TcpPoolSettings<Duplex>
}

/**
 * Checks the options of a TCP pool.
 * @throws InvalidOptionError
 */
export function readOptions<S extends Duplex>(options: TcpPoolOptions<S>): GivenOptions {
  const whole = withInherited(options, TCP_RULES)
  const place = placeOf(whole)
  const owner: Owner = { name: nameOf(whole, place) }
  checkOptions(owner, whole, TCP_RULES)
  const keepAlive = keepAliveOf(owner, whole.keepAlive)
  // Callbacks that take the S of their pool are given no other stream.
  const settings = Object.freeze({ ...whole, keepAlive }) as TcpPoolSettings<Duplex> &
    Partial<AnyTarget>
  const target = targetOf(owner, settings)
  return { name: owner.name, place: place ?? owner.name, target, settings }
}

/** Checks the option `keepAlive`. */
export function keepAliveOf(
  owner: Owner,
  given: DialOptions['keepAlive'],
): DialOptions['keepAlive'] {
  if (!given) return given
  const keepAlive = withInherited(given, KEEP_ALIVE_RULES)
  checkOptions(owner, keepAlive, KEEP_ALIVE_RULES, 'keepAlive.')
  return Object.freeze({ ...keepAlive })
}

type AnyTarget = TcpAddress & PathAddress & OwnDialer

/** The address, of options that are still to be checked. */
function placeOf(options: unknown): string | undefined {
  const { host, port, path }: Record<string, unknown> = Object(options)
  if (typeof path === 'string') return path
  if (typeof port !== 'number') return text.check(host) ? String(host) : undefined
  return showAddress({ port, ...(typeof host === 'string' && { host }) })
}

/** A port on a host, a path, or a dialer, and nothing that goes with another. */
function targetOf(owner: Owner, settings: TcpPoolSettings<Duplex> & Partial<AnyTarget>): Target {
  const { host, port, path, connect, localAddress, family, lookup, lookupTimeoutMs } = settings
  const ofNames = { family, lookup, lookupTimeoutMs }
  if (connect !== undefined) {
    refuseBeside(owner, '"connect", which dials by itself', { path, localAddress, ...ofNames })
    return { connect, host, port }
  }
  if (path !== undefined && port === undefined) {
    refuseBeside(owner, '"path"', { host, localAddress, ...ofNames })
    return { path }
  }
  if (port === undefined || path !== undefined) {
    const found =
      port === undefined
        ? 'needs "port", "path" or "connect", but none is given'
        : 'needs "port" or "path", but both are given'
    throw invalidOption(owner, `a TCP pool ${found}`)
  }
  checkFamily(owner, family, { host, localAddress })
  return { host: host ?? DEFAULT_HOST, port }
}

function refuseBeside(owner: Owner, beside: string, options: Record<string, unknown>): void {
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue
    throw invalidOption(owner, `option "${key}" does not go with ${beside}; leave one of them out`)
  }
}

/** Refuses a family that contradicts an address, which Node would ignore in silence, and two versions. */
function checkFamily(
  owner: Owner,
  family: TcpPoolSettings['family'],
  addresses: Readonly<Record<'host' | 'localAddress', string | undefined>>,
): void {
  const { host = '', localAddress = '' } = addresses
  const [to, from] = [isIP(host), isIP(localAddress)]
  if (to !== 0 && from !== 0 && to !== from) {
    throw invalidOption(
      owner,
      `option "localAddress" is ${localAddress}, but "host" is ${host}, an IPv${to} address; ` +
        'dial from an address of the same version, or leave localAddress out',
    )
  }
  for (const [key, address = ''] of Object.entries(addresses)) {
    const found = isIP(address)
    if (!family || found === 0 || found === family) continue
    throw invalidOption(
      owner,
      `option "family" is ${family}, but "${key}" is ${address}, an IPv${found} address; leave family out`,
    )
  }
}
