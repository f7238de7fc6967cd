import type { BackoffLimits } from '../core/backoff.ts'
import type { Limits } from '../core/limits.ts'
import { type Clock, systemClock } from './clock.ts'
import {
  callback,
  checkOptions,
  count,
  finiteCount,
  fraction,
  invalidOption,
  type Owner,
  oneOf,
  type Rule,
  type Rules,
  record,
  span,
  text,
  wait,
} from './rules.ts'
import type { Source } from './source.ts'

/**
 * The settings of every pool. All are optional, validated once and frozen. Times are in ms and may
 * be fractions; `Infinity` switches a time or a bound off. Whatever is unknown, of the wrong type or
 * out of range throws `ERR_INVALID_OPTION`.
 */
export interface PoolSettings {
  /** First word of every message. Default: `host:port` or the path of a TCP pool; else `pool-1`, ... */
  readonly name?: string | undefined
  /** Connections open in all, kept so. 0 to `maxIdle`, finite; default 0. */
  readonly min?: number | undefined
  /** Idle connections kept ahead of demand. 0 to `maxIdle`, finite; default 0. */
  readonly minIdle?: number | undefined
  /** Most connections, those being opened and closed included. 1 or more; default 10. */
  readonly max?: number | undefined
  /** Most idle connections. From `min` and `minIdle` to `max`; default: `max`, also after a resize. */
  readonly maxIdle?: number | undefined
  /**
   * Dials that a shortage of waiters starts: those owed and `increment - 1` spare ones. 1 or more,
   * finite; default 1.
   */
  readonly increment?: number | undefined
  /** Leases that share a connection, for protocols that multiplex. 1 or more; default 1. */
  readonly maxLeases?: number | undefined
  /** Dials at a time. 1 or more; default 4. */
  readonly maxConnecting?: number | undefined
  /**
   * Acquires that may wait; beyond it `ERR_QUEUE_FULL`. 0 or more; default Infinity. With 0 nobody
   * may wait for a dial: only `min` and `minIdle` then open connections.
   */
  readonly maxWaiters?: number | undefined
  /** How long an acquire waits for a connection. 0 or more; 0: not at all. Default 10,000. */
  readonly acquireTimeoutMs?: number | undefined
  /** How long opening a connection may take, all parts of it included. Over 0; default 5,000. */
  readonly createTimeoutMs?: number | undefined
  /** How long a probe may take. Over 0; default 1,000. */
  readonly probeTimeoutMs?: number | undefined
  /** How long a reset may take, and bytes may stay unsent after a release. Over 0; default 1,000. */
  readonly resetTimeoutMs?: number | undefined
  /** How long a connection being destroyed, or an aborted dial, holds its place. Over 0; default 5,000. */
  readonly destroyTimeoutMs?: number | undefined
  /** How long `close()` waits for leases to be given back. 0 or more; default 20,000. */
  readonly closeGraceMs?: number | undefined
  /** For how long one poll of the sockets vouches for all idle ones. 0 or more; default 0: for its turn. */
  readonly freshForMs?: number | undefined
  /** How long a connection may stay idle, never going below `min` and `minIdle`. Over 0; default 30,000. */
  readonly idleTimeoutMs?: number | undefined
  /** How long a connection may live. Over 0; default 1,800,000. */
  readonly maxLifetimeMs?: number | undefined
  /** Part of `maxLifetimeMs` drawn at random and taken off at birth. 0 to 1; default 0.1. */
  readonly lifetimeJitter?: number | undefined
  /** How often a connection is lent in all. 1 or more; default Infinity. */
  readonly maxUses?: number | undefined
  /** Idle time after which a connection is probed before it is lent. 0 or more; 0: always. Default 500. */
  readonly probeAfterIdleMs?: number | undefined
  /** Time between probes of an idle connection. Over 0; default Infinity. */
  readonly probeEveryMs?: number | undefined
  /** Failed probes in a row after which all idle connections due for one are closed. 1 or more; default 3. */
  readonly probeRetries?: number | undefined
  /** Which idle connection is lent: the last returned, or the first. Default `'lifo'`. */
  readonly idleOrder?: 'lifo' | 'fifo' | undefined
  /** Who is served: first come, or newest first while the oldest has waited over 50 ms. Default `'fifo'`. */
  readonly queueOrder?: 'fifo' | 'adaptive-lifo' | undefined
  /** Delays between trials while dials fail, and when acquires are refused; each has a default. */
  readonly backoff?: Partial<BackoffLimits> | undefined
  /** Source of time. Default: the system's monotonic clock. */
  readonly clock?: Clock | undefined
  /** Source of chance: a number from 0 to under 1. Default `Math.random`. */
  readonly random?: (() => number) | undefined
}

/** What `createPool` takes: the four verbs and the settings. */
export interface PoolOptions<T> extends PoolSettings, Source<T> {}

/** Settings with every default filled in. */
export interface ResolvedSettings {
  readonly name: string
  readonly limits: Limits
  readonly acquireTimeoutMs: number
  readonly closeGraceMs: number
  readonly clock: Required<Clock>
  readonly random: () => number
}

/** The sizes that have to agree with each other. */
export interface Sizes {
  readonly min: number
  readonly minIdle: number
  readonly max: number
  readonly maxIdle: number | undefined
}

const SETTINGS: Readonly<Record<keyof PoolSettings, Rule>> = {
  name: text,
  min: finiteCount(0),
  minIdle: finiteCount(0),
  max: count(1),
  maxIdle: count(0),
  increment: finiteCount(1),
  maxLeases: count(1),
  maxConnecting: count(1),
  maxWaiters: count(0),
  acquireTimeoutMs: wait,
  createTimeoutMs: span,
  probeTimeoutMs: span,
  resetTimeoutMs: span,
  destroyTimeoutMs: span,
  closeGraceMs: wait,
  freshForMs: wait,
  idleTimeoutMs: span,
  maxLifetimeMs: span,
  lifetimeJitter: fraction,
  maxUses: count(1),
  probeAfterIdleMs: wait,
  probeEveryMs: span,
  probeRetries: count(1),
  idleOrder: oneOf('lifo', 'fifo'),
  queueOrder: oneOf('fifo', 'adaptive-lifo'),
  backoff: record,
  clock: {
    check: (value) =>
      typeof value === 'object' &&
      value !== null &&
      'now' in value &&
      typeof value.now === 'function' &&
      isFunctionIn(value, 'setTimeout') &&
      isFunctionIn(value, 'setImmediate'),
    must:
      'an object with a function now() that answers monotonic milliseconds; ' +
      'setTimeout and setImmediate, where it has them, are functions, too',
  },
  random: callback,
}

function isFunctionIn(value: object, key: string): boolean {
  const found: unknown = Reflect.get(value, key)
  return found === undefined || typeof found === 'function'
}

const VERBS: Readonly<Record<keyof Source<unknown>, Rule>> = {
  create: callback,
  probe: callback,
  reset: callback,
  destroy: callback,
  ref: callback,
  unref: callback,
  classify: callback,
  isFatal: callback,
}

const BACKOFF: Readonly<Record<keyof BackoffLimits, Rule>> = {
  initialMs: {
    check: (value) => typeof value === 'number' && value >= 1 && value < Infinity,
    must: 'a number of milliseconds of at least 1',
  },
  maxMs: {
    check: (value) => typeof value === 'number' && value >= 1,
    must: 'a number of milliseconds of at least 1, or Infinity',
  },
  factor: {
    check: (value) => typeof value === 'number' && value >= 1 && value < Infinity,
    must: 'a number of at least 1',
  },
  jitter: fraction,
  failFastAfter: count(1),
}

/** Stands for no bound: leases per connection are divided by. */
const MOST_LEASES = 2 ** 31
/** Stands for no bound: a delay has to end, in ms. */
const LONGEST_DELAY_MS = 2 ** 40

const BACKOFF_DEFAULTS: BackoffLimits = Object.freeze({
  initialMs: 100,
  maxMs: 5_000,
  factor: 2,
  jitter: 1,
  failFastAfter: 5,
})

/** What `createPool` accepts. */
export const POOL_RULES: Rules = { ...SETTINGS, ...VERBS }
/** The settings alone, for pools that bring their own verbs. */
export const SETTINGS_RULES: Rules = SETTINGS

/**
 * Fills in the defaults of checked settings, and refuses sizes that contradict each other.
 * @throws InvalidOptionError
 */
export function resolveSettings(
  name: string,
  settings: PoolSettings,
  verbs: { readonly probes: boolean; readonly resets: boolean; readonly dials: boolean },
): ResolvedSettings {
  const owner: Owner = { name }
  const { min = 0, minIdle = 0, max = 10, maxIdle, maxLeases = 1 } = settings
  checkSizes(owner, { min, minIdle, max, maxIdle })
  if (maxIdle !== undefined && maxIdle > max) {
    refuseSize(owner, 'maxIdle', maxIdle, 'max', max)
  }
  if (verbs.resets && maxLeases > 1) {
    throw invalidOption(
      owner,
      `"reset" goes with one lease per connection, but maxLeases is ${maxLeases}: a connection ` +
        'cannot be made clean for one borrower while another uses it. Leave one of them out',
    )
  }
  checkOptions(owner, settings.backoff ?? {}, BACKOFF, 'backoff.')
  const given = Object.entries(settings.backoff ?? {}).filter(([, value]) => value !== undefined)
  const backoff = { ...BACKOFF_DEFAULTS, ...Object.fromEntries(given) }
  const { initialMs, maxMs } = backoff
  if (initialMs > maxMs) refuseSize(owner, 'backoff.initialMs', initialMs, 'backoff.maxMs', maxMs)
  const limits: Limits = Object.freeze({
    min,
    minIdle,
    max,
    maxIdle,
    increment: settings.increment ?? 1,
    maxLeases: Math.min(maxLeases, MOST_LEASES),
    maxConnecting: settings.maxConnecting ?? 4,
    maxWaiters: settings.maxWaiters ?? Infinity,
    maxUses: settings.maxUses ?? Infinity,
    createTimeoutMs: settings.createTimeoutMs ?? 5_000,
    probeTimeoutMs: settings.probeTimeoutMs ?? 1_000,
    resetTimeoutMs: settings.resetTimeoutMs ?? 1_000,
    destroyTimeoutMs: settings.destroyTimeoutMs ?? 5_000,
    idleTimeoutMs: settings.idleTimeoutMs ?? 30_000,
    maxLifetimeMs: settings.maxLifetimeMs ?? 1_800_000,
    lifetimeJitter: settings.lifetimeJitter ?? 0.1,
    probeAfterIdleMs: settings.probeAfterIdleMs ?? 500,
    probeEveryMs: verbs.probes ? (settings.probeEveryMs ?? Infinity) : Infinity,
    probeRetries: settings.probeRetries ?? 3,
    freshForMs: settings.freshForMs ?? 0,
    idleOrder: settings.idleOrder ?? 'lifo',
    queueOrder: settings.queueOrder ?? 'fifo',
    backoff: Object.freeze({ ...backoff, maxMs: Math.min(maxMs, LONGEST_DELAY_MS) }),
    ...verbs,
  })
  const { clock = systemClock, random = Math.random } = settings
  return Object.freeze({
    name,
    limits,
    acquireTimeoutMs: settings.acquireTimeoutMs ?? 10_000,
    closeGraceMs: settings.closeGraceMs ?? 20_000,
    clock: {
      now: () => clock.now(),
      setTimeout: clock.setTimeout?.bind(clock) ?? systemClock.setTimeout,
      setImmediate: clock.setImmediate?.bind(clock) ?? systemClock.setImmediate,
    },
    random: () => chance(random),
  })
}

/** A draw from 0 to 1: without chance where the user's source fails. */
function chance(random: () => number): number {
  try {
    const drawn = random()
    return drawn >= 0 && drawn <= 1 ? drawn : 0
  } catch {
    return 0
  }
}

/**
 * Refuses sizes that contradict each other, at creation and at each resize. A `maxIdle` that was set
 * is capped by `max`; one that was not follows it.
 * @throws InvalidOptionError
 */
export function checkSizes(owner: Owner, { min, minIdle, max, maxIdle }: Sizes): void {
  if (min > max) refuseSize(owner, 'min', min, 'max', max)
  const idle = Math.min(maxIdle ?? max, max)
  if (min > idle) refuseSize(owner, 'min', min, 'maxIdle', idle)
  if (minIdle > idle) refuseSize(owner, 'minIdle', minIdle, 'maxIdle', idle)
}

function refuseSize(owner: Owner, small: string, is: number, large: string, bound: number): never {
  throw invalidOption(
    owner,
    `option "${small}" is ${is}, but "${large}" is ${bound}; lower ${small} or raise ${large}`,
  )
}
