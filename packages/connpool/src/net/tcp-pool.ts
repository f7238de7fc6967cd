import { isIP, type Socket } from 'node:net'
import { InvalidOptionError } from '../pool/errors.ts'
import { type PoolSettings, resolveSettings, SETTINGS_RULES } from '../pool/options.ts'
import { Pool } from '../pool/pool.ts'
import {
  callback,
  checkOptions,
  oneOfValues,
  type Rule,
  type Rules,
  span,
  text,
} from '../pool/rules.ts'
import type { Source } from '../pool/source.ts'
import { type PathAddress, showAddress, type TcpAddress } from './address.ts'
import { connectSocket, type Handshake } from './connector.ts'
import type { DialOptions, KeepAlive } from './dial.ts'
import { socketCustody } from './vitals.ts'

/** What a TCP pool takes besides its address. */
export interface TcpPoolSettings
  extends PoolSettings,
    DialOptions,
    Pick<Source<Socket>, 'probe' | 'reset' | 'classify' | 'isFatal'> {
  /** Makes a connection ready before it counts as open. What it throws is a failed dial. */
  readonly handshake?: Handshake
}

/** What `createTcpPool` takes: where to connect to, and the settings. */
export type TcpPoolOptions = (TcpAddress | PathAddress) & TcpPoolSettings

const KEEP_ALIVE_RULES: Record<keyof KeepAlive, Rule> = { delayMs: span }

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

/**
 * A pool of TCP connections, or of Unix domain sockets. Idle ones are watched: one that its peer
 * closed, or that received bytes nobody asked for, is replaced before anybody gets it.
 *
 * @throws InvalidOptionError
 * @example
 * ```ts
 * import { createTcpPool } from 'connpool'
 *
 * const pool = createTcpPool({ host: '127.0.0.1', port: 6379, max: 20 })
 * await pool.use((socket) => socket.write('PING\r\n'))
 * await pool.close()
 * ```
 */
export function createTcpPool(options: TcpPoolOptions): Pool<Socket> {
  const target = targetOf(options)
  const name = options.name ?? showAddress(target)
  checkOptions(name, options, TCP_RULES)
  if (options.keepAlive) checkOptions(name, options.keepAlive, KEEP_ALIVE_RULES, 'keepAlive.')
  const { probe, reset, classify, isFatal } = options
  const settings = resolveSettings(name, options, {
    probes: probe !== undefined,
    resets: reset !== undefined,
    dials: true,
  })
  const { now } = settings.clock
  const source: Source<Socket> = {
    create: (context) => connectSocket(target, options, context, now),
    destroy: (socket) => {
      socket.destroy()
    },
    ...(probe !== undefined && { probe }),
    ...(reset !== undefined && { reset }),
    ...(classify !== undefined && { classify }),
    ...(isFatal !== undefined && { isFatal }),
  }
  return new Pool<Socket>(source, settings, socketCustody)
}

/** Where to connect to: a port on a host, or a path, and not both. */
function targetOf(options: TcpPoolOptions): TcpAddress | PathAddress {
  const given: Partial<TcpAddress & PathAddress> = options ?? {}
  const { host, port, path } = given
  if ((port === undefined) === (path === undefined)) {
    const name = typeof options?.name === 'string' ? options.name : 'connpool'
    const found = port === undefined ? 'neither is given' : 'both are given'
    throw new InvalidOptionError(name, `a TCP pool needs "port" or "path", but ${found}`)
  }
  if (path !== undefined) return { path }
  return { port: port as number, ...(host !== undefined && { host }) } // Checked with the others.
}
