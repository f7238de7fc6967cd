import type { FastPath } from '../core/fast-path.ts'
import type { PoolMachine } from '../core/machine.ts'
import { PRIORITIES } from '../core/queue.ts'
import type { Cargo } from './cargo.ts'
import type { Custody } from './custody.ts'
import { CloseTimeoutError } from './errors.ts'
import { isEventName, type PoolEventName, type PoolListener } from './events.ts'
import { giveUp, isEnded, type Lease, type LeaseHolder } from './lease.ts'
import type { Loans } from './loans.ts'
import { nameOf } from './name.ts'
import {
  checkSizes,
  POOL_RULES,
  type PoolOptions,
  type ResolvedSettings,
  resolveSettings,
} from './options.ts'
import { enter, leave } from './registry.ts'
import {
  callback,
  checkArgument,
  checkArguments,
  checkOptions,
  count,
  finiteCount,
  invalidOption,
  type Rule,
  type Rules,
  show,
  wait,
  withInherited,
} from './rules.ts'
import { type Source, sourceOf } from './source.ts'
import type { PoolStats } from './stats.ts'
import { Ticket } from './ticket.ts'
import type { Turns } from './turns.ts'
import { type Watcher, World } from './world.ts'

/** How to acquire. */
export interface AcquireOptions {
  /** Withdraws the acquire: it then rejects with the signal's reason. A lease that was made stays. */
  readonly signal?: AbortSignal | undefined
  /**
   * How long to wait for a connection, in ms from the end of this turn of the event loop, 0 to Infinity.
   * 0: not at all; an idle one is given after a turn, and nothing is probed or dialled. Default:
   * `acquireTimeoutMs`.
   */
  readonly timeoutMs?: number | undefined
  /** Whole, 0 to 7, higher is served first. Default 0. */
  readonly priority?: number | undefined
}

/** How to use. */
export interface UseOptions extends AcquireOptions {
  /**
   * Whether a connection is sound although the function threw: on `true` it is released, otherwise
   * destroyed, also when `keep` throws. Default: it is not.
   */
  readonly keep?: ((error: unknown) => boolean) | undefined
}

/** How to close. */
export interface CloseOptions {
  /** How long leases have to be given back, in ms, 0 to Infinity. Default: `closeGraceMs`. */
  readonly graceMs?: number | undefined
}

/** How to wait for a pool. */
export interface ReadyOptions {
  /** How long to wait, in ms, 0 to Infinity. Default: `acquireTimeoutMs`. */
  readonly timeoutMs?: number | undefined
}

const PLAIN: AcquireOptions = Object.freeze({})
/** A verb that lends; it stands on the stack of whoever is refused at once. */
type AcquiringVerb = 'acquire' | 'use'
export const ACQUIRE_RULES: Rules & Record<keyof AcquireOptions, Rule> = {
  signal: {
    check: (value) => value instanceof AbortSignal,
    must: 'an AbortSignal',
  },
  timeoutMs: wait,
  priority: {
    check: (value) =>
      Number.isInteger(value) && (value as number) >= 0 && (value as number) < PRIORITIES,
    must: `a whole number from 0 to ${PRIORITIES - 1}`,
  },
}
const USE_RULES: Rules = { ...ACQUIRE_RULES, keep: callback }
const CLOSE_RULES: Rules = { graceMs: wait }
export const READY_RULES: Rules = { timeoutMs: wait }
const RESIZE_RULES: Rules = { min: finiteCount(0), max: count(1) }

/** For `net/` and `server/`: what a pool is made of. */
export let insideOf: <T>(pool: Pool<T>) => World<T>

/**
 * A pool of connections: lends each to one borrower at a time, keeps those that are given back, and
 * replaces those that die. Made by `createPool` or `createTcpPool`.
 */
export class Pool<T> {
  static {
    insideOf = (pool) => pool.#world
  }

  /** First word of every message; tells pools apart in events and in `pools()`. */
  readonly name: string
  readonly #settings: ResolvedSettings
  readonly #world: World<T>
  readonly #machine: PoolMachine<Cargo<T>>
  readonly #fast: FastPath<Cargo<T>>
  readonly #loans: Loans<T>
  readonly #turns: Turns
  #closed: Promise<void> | null = null
  #settleClosed: { resolve(): void; reject(error: unknown): void } | null = null
  #overrun: CloseTimeoutError | null = null

  /** @internal */
  constructor(
    source: Source<T>,
    settings: ResolvedSettings,
    custody: Custody<T> | null,
    watcher: Watcher<T> | null = null,
  ) {
    this.name = settings.name
    this.#settings = settings
    const ending = { graceOver: () => this.#graceOver(), drained: () => this.#drained() }
    this.#world = new World<T>(source, settings, custody, ending, watcher)
    this.#machine = this.#world.machine
    this.#fast = this.#machine.fast
    this.#loans = this.#world.loans
    this.#turns = this.#world.turns
    enter(this as Pool<unknown>)
    // Not before the caller has the pool: `create` may want to use it, and listeners to be added.
    queueMicrotask(() => {
      this.#machine.start(this.#now())
      this.#turns.expectEnd()
    })
  }

  /**
   * Lends a connection: an idle one, or whichever comes first of a returned and a new one.
   * @throws AcquireTimeoutError, PoolClosedError, QueueFullError, PoolUnavailableError,
   * ConnectFailedError, InvalidOptionError, or the reason of an aborted `signal`; all by rejecting.
   */
  acquire(options?: AcquireOptions): Promise<Lease<T>> {
    if (options !== undefined) return this.#acquireWith('acquire', options, ACQUIRE_RULES)
    const lease = this.#lendNow(false)
    return lease === null ? this.#queue('acquire', PLAIN) : Promise.resolve(lease)
  }

  /**
   * Lends an idle connection at once; null when none is, when anyone waits, when the pool is paused
   * or closed, or when the connection would have to be probed. It cannot yield to the event loop,
   * so a connection that died unnoticed while the loop was blocked may be lent; `acquire` lends none.
   */
  tryAcquire(): Lease<T> | null {
    return this.#lendNow(true) ?? this.#lendUnpolled()
  }

  /**
   * Calls `fn` with a connection, at once where one is at hand; releases it when `fn` is done, and
   * destroys it when `fn` throws, unless `keep` says that it is sound. A lease that `fn` ended itself is
   * left alone.
   * @throws whatever `acquire` or `fn` throws.
   */
  async use<R>(
    fn: (connection: T, lease: Lease<T>) => R | PromiseLike<R>,
    options?: UseOptions,
  ): Promise<R> {
    checkArgument(this, 'use(): the first argument', fn, callback)
    const lease =
      options === undefined
        ? (this.#lendNow(false) ?? (await this.#queue('use', PLAIN)))
        : await this.#acquireWith('use', options, USE_RULES)
    let result: R
    try {
      result = await fn(lease.connection, lease)
    } catch (error) {
      const keeps = !isEnded(lease) && this.#keeps(options?.keep, error)
      // `keep` may have ended it.
      if (!isEnded(lease)) {
        if (keeps) lease.release()
        else giveUp(lease, error)
      }
      throw error
    }
    if (!isEnded(lease)) lease.release()
    return result
  }

  /**
   * Resolves once `min` connections stand, idle or in use; at once where they do.
   * @throws AcquireTimeoutError, PoolClosedError, PoolUnavailableError, ConnectFailedError or
   * InvalidOptionError, by rejecting.
   */
  ready(options: ReadyOptions = {}): Promise<void> {
    try {
      checkArguments(this, 'ready', options, READY_RULES)
    } catch (error) {
      return Promise.reject(error)
    }
    return new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? this.#settings.acquireTimeoutMs
      const ticket = new Ticket<void>('ready', 0, timeoutMs, resolve, reject)
      this.#world.asked(ticket, this.ready, () => this.#machine.awaitReady(ticket, this.#now()))
    })
  }

  /**
   * Changes the sizes at once. What is too many: dials are aborted first, then idle connections are
   * closed, then lent ones on release.
   * @throws InvalidOptionError where the options would have been refused; nothing changes then.
   */
  resize(sizes: { readonly min?: number | undefined; readonly max?: number | undefined }): void {
    checkArguments(this, 'resize', sizes, RESIZE_RULES)
    const { policy } = this.#machine
    const { min = policy.min, max = policy.max } = sizes
    const { minIdle, maxIdle } = this.#settings.limits
    checkSizes(this, { min, minIdle, max, maxIdle })
    this.#machine.resize(min, max, this.#now())
    this.#turns.expectEnd()
  }

  /**
   * Declares every connection stale: idle ones close now, lent ones on release, and dials in flight
   * never enter. `reason` is handed to `destroy`. Leases do not end; their signals abort.
   */
  invalidate(reason?: unknown): void {
    this.#world.staleBecause = reason
    this.#machine.invalidate(this.#now())
    this.#turns.expectEnd()
  }

  /** Lends nothing and dials nothing until `resume()`. Acquires queue, and their deadlines run. */
  pause(): void {
    this.#machine.pause(this.#now())
    this.#turns.expectEnd()
  }

  /** Serves those who queued, in order. */
  resume(): void {
    this.#machine.resume(this.#now())
    this.#turns.expectEnd()
  }

  /**
   * Closes: those who wait are refused, dials aborted, idle connections closed. Leases get the grace
   * to be given back, and are destroyed after it. Resolves when the last connection is gone. Called
   * again it answers the same promise, and a shorter grace shortens it.
   * @throws CloseTimeoutError when connections were taken from their holders, InvalidOptionError for a
   * bad grace, which closes nothing; both by rejecting.
   */
  close(options: CloseOptions = {}): Promise<void> {
    try {
      checkArguments(this, 'close', options, CLOSE_RULES)
    } catch (error) {
      return Promise.reject(error)
    }
    const now = this.#now()
    const graceMs =
      options.graceMs ?? (this.#closed === null ? this.#settings.closeGraceMs : Infinity)
    this.#closed ??= new Promise<void>((resolve, reject) => {
      this.#settleClosed = { resolve, reject }
    })
    this.#machine.close(now + graceMs, now)
    this.#turns.expectEnd()
    return this.#closed
  }

  /** `close()` with the default grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  /** The figures as they are now, frozen. */
  stats(): PoolStats {
    return this.#world.stats()
  }

  /** Who holds connections, oldest lease first; those whose connection died are not among them. */
  leases(): readonly LeaseHolder[] {
    return this.#loans.holders()
  }

  /**
   * Calls `listener` at each such event from now on; one that is added twice is called twice. One
   * that throws or rejects is reported once by a process warning, and harms nobody.
   * @throws InvalidOptionError for an event that there is not, and for what is no function.
   */
  on(event: PoolEventName, listener: PoolListener): this {
    return this.#listen(event, listener, false)
  }

  /**
   * As `on`, for the next time only.
   * @throws InvalidOptionError as `on`.
   */
  once(event: PoolEventName, listener: PoolListener): this {
    return this.#listen(event, listener, true)
  }

  /** Takes a listener off, the one added last where it was added twice; a no-op for an unknown one. */
  off(event: PoolEventName, listener: PoolListener): this {
    this.#world.events.remove(event, listener)
    return this
  }

  #listen(event: PoolEventName, listener: PoolListener, once: boolean): this {
    checkArgument(this, 'the listener', listener, callback)
    if (!isEventName(event)) {
      throw invalidOption(this, `there is no event ${show(event)}`)
    }
    this.#world.events.add(event, listener, once)
    return this
  }

  #now(): number {
    return this.#world.now()
  }

  /** What the fast path does not lend, and needs no probe. */
  #lendUnpolled(): Lease<T> | null {
    if (this.#machine.moves.roster.candidate === null) return null
    const slot = this.#machine.takeNow(this.#now())
    this.#turns.expectEnd()
    return slot === null ? null : this.#loans.make(slot, 0)
  }

  #acquireWith(verb: AcquiringVerb, options: AcquireOptions, known: Rules): Promise<Lease<T>> {
    try {
      checkArguments(this, verb, options, known)
    } catch (error) {
      return Promise.reject(error)
    }
    if (options.signal?.aborted) {
      this.#machine.abortedBefore()
      return Promise.reject(options.signal.reason)
    }
    const lease = this.#lendNow(false)
    return lease === null ? this.#queue(verb, options) : Promise.resolve(lease)
  }

  /**
   * A lease that nothing has to be waited for, not even a turn of the loop; or null. `unpolled`: also
   * on one that may have died since the sockets were polled.
   */
  #lendNow(unpolled: boolean): Lease<T> | null {
    const warm = this.#fast.retake()
    if (warm !== null) return this.#loans.renew(warm)
    const slot = this.#fast.take(unpolled)
    return slot === null ? null : this.#loans.make(slot, 0)
  }

  #queue(verb: AcquiringVerb, options: AcquireOptions): Promise<Lease<T>> {
    return new Promise((resolve, reject) => {
      const { signal, priority = 0, timeoutMs = this.#settings.acquireTimeoutMs } = options
      const ticket = new Ticket<Lease<T>>('lease', priority, timeoutMs, resolve, reject)
      if (signal !== undefined) ticket.heed(signal, this.#world)
      if (this.#fast.join(ticket)) this.#turns.expectEnd()
      else this.#world.asked(ticket, this[verb], () => this.#machine.request(ticket, this.#now()))
    })
  }

  #keeps(keep: UseOptions['keep'], error: unknown): boolean {
    return this.#world.judgement.call('keep', () => keep?.(error)) === true
  }

  #graceOver(): void {
    const holders = this.#loans.holders()
    const { length } = holders
    this.#overrun = new CloseTimeoutError(
      this.name,
      `${length} ${length === 1 ? 'lease was' : 'leases were'} not given back in time, and ` +
        `destroyed: ${holders.map((holder) => `connection ${holder.connectionId}`).join(', ')}`,
      holders,
      { stats: this.stats() },
    )
  }

  #drained(): void {
    leave(this as Pool<unknown>)
    if (this.#overrun === null) this.#settleClosed?.resolve()
    else this.#settleClosed?.reject(this.#overrun)
  }
}

/**
 * A pool of connections of any kind.
 * @throws InvalidOptionError
 */
export function createPool<T>(options: PoolOptions<T>): Pool<T> {
  const given = withInherited(options, POOL_RULES)
  const name = nameOf(given)
  checkOptions({ name }, given, POOL_RULES)
  for (const verb of ['create', 'destroy'] as const) {
    checkArgument({ name }, `option "${verb}"`, given[verb], callback)
  }
  const settings = resolveSettings(name, given, {
    probes: given.probe !== undefined,
    resets: given.reset !== undefined,
    dials: true,
  })
  return new Pool<T>(sourceOf(given, options), settings, null)
}
