import { isIP, type Socket } from 'node:net'
import { type PoolSettings, SETTINGS_RULES } from '../pool/options.ts'
import {
  callback,
  checkOptions,
  invalidOption,
  type Owner,
  oneOfValues,
  type Rule,
  type Rules,
  text,
  withInherited,
} from '../pool/rules.ts'
import type { Source } from '../pool/source.ts'
import { type PathAddress, showAddress, type TcpAddress } from './address.ts'
import type { Handshake } from './connector.ts'
import type { DialOptions, KeepAlive } from './dial.ts'

/** What a TCP pool takes besides its address. */
export interface TcpPoolSettings
  extends PoolSettings,
    DialOptions,
    Pick<Source<Socket>, 'probe' | 'reset' | 'classify' | 'isFatal'> {
  /** Makes a connection ready before it counts as open. What it throws is a failed dial. */
  readonly handshake?: Handshake | undefined
}

/** What `createTcpPool` takes: where to connect to, and the settings. */
export type TcpPoolOptions = (TcpAddress | PathAddress) & TcpPoolSettings

const KEEP_ALIVE_RULES: Record<keyof KeepAlive, Rule> = {
  delayMs: {
    check: (value) => typeof value === 'number' && value >= 1_000 && value <= 32_767_000,
    must: 'a number of milliseconds from 1000 to 32767000; keepAlive: false switches it off',
  },
}

const ADDRESS_RULES: Record<keyof TcpAddress | keyof PathAddress, Rule> = {
  host: text,
  port: {
    check: (value) => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 65_535,
    must: 'a whole number from 1 to 65535',
  },
  path: text,
}

const TCP_RULES: Rules = {
  ...SETTINGS_RULES,
  ...ADDRESS_RULES,
  localAddress: {
    check: (value) => typeof value === 'string' && isIP(value) !== 0,
    must: 'an IP address of this machine',
  },
  family: oneOfValues(0, 4, 6),
  noDelay: oneOfValues(true, false),
  keepAlive: {
    check: (value) => value === false || (typeof value === 'object' && value !== null),
    must: 'false, or an object such as { delayMs: 30_000 }',
  },
  handshake: callback,
  probe: callback,
  reset: callback,
  classify: callback,
  isFatal: callback,
}

/** What a TCP pool was given, checked. */
export interface GivenOptions {
  readonly name: string
  readonly target: TcpAddress | PathAddress
  readonly settings: TcpPoolOptions
}

/**
 * Checks the options of a TCP pool.
 * @throws InvalidOptionError
 */
export function readOptions(options: TcpPoolOptions): GivenOptions {
  const whole = withInherited(options, TCP_RULES)
  const owner: Owner = { name: nameOf(whole) }
  checkOptions(owner, whole, TCP_RULES)
  const settings = Object.freeze({ ...whole })
  const target = targetOf(owner, settings)
  if (settings.keepAlive) checkOptions(owner, settings.keepAlive, KEEP_ALIVE_RULES, 'keepAlive.')
  return { name: owner.name, target, settings }
}

/** The name that was given, or the address; of options that are still to be checked. */
function nameOf(options: unknown): string {
  const { name, host, port, path }: Record<string, unknown> = Object(options)
  if (text.check(name)) return String(name)
  if (typeof path === 'string') return path
  if (typeof port !== 'number') return 'connpool'
  return showAddress({ port, ...(typeof host === 'string' && { host }) })
}

/** Where to connect to: a port on a host, or a path, and nothing that goes with the other. */
function targetOf(owner: Owner, options: TcpPoolOptions): TcpAddress | PathAddress {
  const { host, port, path }: Partial<TcpAddress & PathAddress> = options
  if (port !== undefined && path === undefined) {
    checkFamily(owner, options.family, { host, localAddress: options.localAddress })
    return { port, ...(host !== undefined && { host }) }
  }
  if (path === undefined || port !== undefined) {
    const found = port === undefined ? 'neither is given' : 'both are given'
    throw invalidOption(owner, `a TCP pool needs "port" or "path", but ${found}`)
  }
  const { localAddress, family } = options
  for (const [key, value] of Object.entries({ host, localAddress, family })) {
    if (value === undefined) continue
    throw invalidOption(owner, `option "${key}" goes with "port", not "path"; leave it out`)
  }
  return { path }
}

/** Refuses a family that contradicts an address: Node would ignore it in silence. */
function checkFamily(
  owner: Owner,
  family: DialOptions['family'],
  addresses: Readonly<Record<string, string | undefined>>,
): void {
  for (const [key, address = ''] of Object.entries(addresses)) {
    const found = isIP(address)
    if (!family || found === 0 || found === family) continue
    throw invalidOption(
      owner,
      `option "family" is ${family}, but "${key}" is ${address}, an IPv${found} address; leave family out`,
    )
  }
}
