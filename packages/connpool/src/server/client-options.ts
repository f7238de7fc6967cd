import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TCP_RULES, type TcpPoolOptions } from '../net/tcp-options.ts'
import { nameOf } from '../pool/name.ts'
import {
  callback,
  checkOptions,
  finiteCount,
  invalidOption,
  type Owner,
  oneOf,
  type Rules,
  record,
  span,
  withInherited,
} from '../pool/rules.ts'
import type { Pace } from './pace.ts'

const NOT_OF_STOCKS = [
  'min',
  'minIdle',
  'max',
  'maxIdle',
  'increment',
  'maxLeases',
  'maxUses',
  'reset',
  'serverSpeaksFirst',
] as const

type NotOfStocks = (typeof NOT_OF_STOCKS)[number]

/** How a stock is kept. */
export interface StockOptions {
  /**
   * Who names connections: `'identified'`, the server, whose id is read after TLS; `'single'`, the client,
   * and no id goes over the wire. Default `'identified'`.
   */
  readonly mode?: 'identified' | 'single' | undefined
  /** Least connections in the stock. 1 or more; default 8. */
  readonly minCapacity?: number | undefined
  /** Most connections in the stock. `minCapacity` or more; default 64, or `minCapacity`. */
  readonly maxCapacity?: number | undefined
  /** Shortest time between two fillings, in ms, over 0. Default 1,000. */
  readonly minIntervalMs?: number | undefined
  /** Longest time between two fillings, in ms. `minIntervalMs` or more; default 5,000, or `minIntervalMs`. */
  readonly maxIntervalMs?: number | undefined
  /** What the stock holds, and how often it is filled. Default: as demand goes. */
  readonly pace?: Pace | undefined
}

/** What `createClientPool` takes: where to connect to, and how. `idleTimeoutMs` and `maxLifetimeMs` are `Infinity` where they are not given. */
export type ClientPoolOptions<S extends Duplex = Socket> = StockOptions &
  DistributedOmit<TcpPoolOptions<S>, NotOfStocks>

type DistributedOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never

/** How a stock is kept, with every default filled in. */
export interface StockSettings {
  readonly mode: 'identified' | 'single'
  readonly minCapacity: number
  readonly maxCapacity: number
  readonly minIntervalMs: number
  readonly maxIntervalMs: number
  readonly pace: Pace | undefined
}

const STOCK_RULES: Record<keyof StockOptions, Rules[string]> = {
  mode: oneOf('identified', 'single'),
  minCapacity: finiteCount(1),
  maxCapacity: finiteCount(1),
  minIntervalMs: span,
  maxIntervalMs: span,
  pace: callback,
}

const CLIENT_RULES: Rules = {
  ...Object.fromEntries(
    Object.entries(TCP_RULES).filter(([name]) => !NOT_OF_STOCKS.some((one) => one === name)),
  ),
  ...STOCK_RULES,
}

/**
 * Parts the options of a client pool into those of its stock and those of its connections.
 * @throws InvalidOptionError
 */
export function readClientOptions<S extends Duplex>(
  options: ClientPoolOptions<S>,
): { readonly stock: StockSettings; readonly tcp: TcpPoolOptions<S> } {
  if (!record.check(options)) checkOptions({ name: nameOf(options) }, options, CLIENT_RULES)
  const whole = withInherited<ClientPoolOptions<S>>(options, CLIENT_RULES)
  const owner: Owner = { name: nameOf(whole, 'client-pool') }
  checkOptions(owner, whole, CLIENT_RULES)
  const {
    mode = 'identified',
    minCapacity = 8,
    maxCapacity = Math.max(64, minCapacity),
    minIntervalMs = 1_000,
    maxIntervalMs = Math.max(5_000, minIntervalMs),
    pace,
    ...rest
  } = whole
  refuseBounds(owner, 'Capacity', minCapacity, maxCapacity)
  refuseBounds(owner, 'IntervalMs', minIntervalMs, maxIntervalMs)
  return {
    stock: { mode, minCapacity, maxCapacity, minIntervalMs, maxIntervalMs, pace },
    tcp: {
      ...rest,
      max: maxCapacity,
      serverSpeaksFirst: true,
      idleTimeoutMs: rest.idleTimeoutMs ?? Infinity,
      maxLifetimeMs: rest.maxLifetimeMs ?? Infinity,
      min: minCapacity,
    } as unknown as TcpPoolOptions<S>, // What is left of them is those of a TCP pool.
  }
}

function refuseBounds(owner: Owner, what: string, min: number, max: number): void {
  if (min <= max) return
  throw invalidOption(
    owner,
    `option "min${what}" is ${min}, but "max${what}" is ${max}; lower min${what} or raise max${what}`,
  )
}
