import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { discard } from '../net/endure-errors.ts'
import { makeTcpPool, type TcpPool } from '../net/tcp-pool.ts'
import { isSound } from '../net/vitals.ts'
import { wardOf } from '../net/ward.ts'
import { LeaseReleasedError } from '../pool/errors.ts'
import type { PoolEventName, PoolListener } from '../pool/events.ts'
import type { Lease } from '../pool/lease.ts'
import {
  type AcquireOptions,
  type CloseOptions,
  insideOf,
  type ReadyOptions,
} from '../pool/pool.ts'
import { callback, checkArgument, type Rule } from '../pool/rules.ts'
import type { PoolStats } from '../pool/stats.ts'
import type { World } from '../pool/world.ts'
import { type AcquireByIdOptions, acquireById, idRule } from './by-id.ts'
import { ClientLease } from './client-lease.ts'
import { ClientNames } from './client-names.ts'
import { type ClientPoolOptions, readClientOptions } from './client-options.ts'
import { Stock } from './stock.ts'

/** Figures of a client pool. Those of its connections end where one is taken: it is counted as `detached`. */
export interface ClientPoolStats extends PoolStats {
  /** Gauge: connections that the stock is to hold. */
  readonly capacity: number
  /** Gauge: time between two fillings of the stock, in ms. */
  readonly intervalMs: number
  /** Failed dials, and errors that were told to `recordError`. */
  readonly errors: number
}

const streamRule: Rule = { check: (value) => value instanceof Duplex, must: 'a Duplex stream' }

/**
 * Keeps a stock of ready connections to a server that names them, or names them itself. What is taken leaves
 * the stock, and the stock is filled again as demand goes. Made by `createClientPool`.
 */
export class ClientPool<S extends Duplex = Socket> {
  readonly #pool: TcpPool<S>
  readonly #inside: World<S>
  readonly #names: ClientNames
  readonly #stock: Stock<S>
  #recorded = 0

  /** @internal */
  constructor(pool: TcpPool<S>, names: ClientNames, stock: Stock<S>) {
    this.#pool = pool
    this.#inside = insideOf<S>(pool)
    this.#names = names
    this.#stock = stock
  }

  /** First word of every message. */
  get name(): string {
    return this.#pool.name
  }

  /** Connections that the stock is to hold. */
  get capacity(): number {
    return this.#stock.capacity
  }

  /** Time between two fillings of the stock, in ms. */
  get intervalMs(): number {
    return this.#stock.intervalMs
  }

  /**
   * Takes a connection, whichever: it costs no round trip. Where the stock is empty one is dialled at once.
   * @throws as `acquire` of a TCP pool, by rejecting.
   */
  async acquire(options?: AcquireOptions): Promise<ClientLease<S>> {
    return this.#take(await this.#pool.acquire(options))
  }

  /**
   * Takes the connection of that id, which the server has told; where it is not there waits for it. With
   * `timeoutMs: 0` it does not wait.
   * @throws as `acquire`, by rejecting.
   */
  async acquireById(id: string, options: AcquireByIdOptions = {}): Promise<ClientLease<S>> {
    const { acquireTimeoutMs } = this.#inside.settings
    // Every connection of this pool is an S, and its names know no more of them than that they are streams.
    const asker = {
      pool: this.#pool as unknown as TcpPool<Duplex>,
      names: this.#names,
      acquireTimeoutMs,
      verb: this.acquireById,
    }
    return this.#take((await acquireById(asker, id, options)) as unknown as Lease<S>)
  }

  /**
   * Calls `fn` with a connection, and ends that when `fn` is done; at once when it throws. One that `fn` ended
   * itself is left alone.
   * @throws whatever `acquire` or `fn` throws.
   */
  async use<R>(
    fn: (connection: S, lease: ClientLease<S>) => R | PromiseLike<R>,
    options?: AcquireOptions,
  ): Promise<R> {
    checkArgument(this.#pool, 'use(): the first argument', fn, callback)
    const lease = await this.acquire(options)
    let result: R
    try {
      result = await fn(lease.connection, lease)
    } catch (error) {
      lease[Symbol.dispose]()
      throw error
    }
    if (!lease.isEnded) lease.release()
    return result
  }

  /**
   * Brings a connection back that was taken, as it was, or one that somebody else opened. Answers false where
   * the stock is full or has one of that id, or the connection ended or holds unread bytes: it is closed then. One that
   * is in a pool already is left there.
   * @throws InvalidOptionError
   */
  put(id: string, connection: S): boolean {
    checkArgument(this.#pool, 'put(): the first argument', id, idRule)
    checkArgument(this.#pool, 'put(): the second argument', connection, streamRule)
    // It is in this pool already, or in another: two would lend it.
    if (wardOf(connection) !== undefined) return false
    if (!isSound(connection) || this.#stock.isFull || !this.#names.retake(id, connection)) {
      discard(connection)
      return false
    }
    if (this.#offer(id, connection)) return true
    this.#names.free(id)
    discard(connection)
    return false
  }

  /** Resolves once the stock stands for the first time. @throws as `ready` of a TCP pool, by rejecting. */
  ready(options?: ReadyOptions): Promise<void> {
    return this.#pool.ready(options)
  }

  /** Closes the whole stock, with `reason`, and fills it anew. What was taken is left alone. */
  flush(reason?: unknown): void {
    this.#pool.invalidate(reason)
  }

  /** Counts an error that somebody had with a connection of this pool. */
  recordError(): void {
    this.#recorded++
  }

  /** The figures as they are now, frozen. */
  stats(): ClientPoolStats {
    const stats = this.#pool.stats()
    const failed = Object.values(stats.connectFailures).reduce((sum, count) => sum + count, 0)
    const { capacity, intervalMs } = this.#stock
    return Object.freeze({ ...stats, capacity, intervalMs, errors: failed + this.#recorded })
  }

  /** As `on` of any pool. */
  on(event: PoolEventName, listener: PoolListener): this {
    this.#pool.on(event, listener)
    return this
  }

  /** As `once` of any pool. */
  once(event: PoolEventName, listener: PoolListener): this {
    this.#pool.once(event, listener)
    return this
  }

  /** As `off` of any pool. */
  off(event: PoolEventName, listener: PoolListener): this {
    this.#pool.off(event, listener)
    return this
  }

  /** Closes the stock and fills it no more. What was taken is its taker's. */
  close(options?: CloseOptions): Promise<void> {
    const closed = this.#pool.close(options)
    if (this.#inside.machine.policy.phase !== 'running') this.#stock.stop()
    return closed
  }

  /** `close()` with the default grace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  #take(lease: Lease<S>): ClientLease<S> {
    const { id } = lease
    this.#stock.leaves()
    const ended = () => new LeaseReleasedError(this.name, { stats: this.#pool.stats() })
    return new ClientLease(id, lease.detach(), ended)
  }

  #offer(id: string, connection: S): boolean {
    try {
      return this.#inside.offer(connection, { name: id }, this.#inside.now())
    } catch {
      return false // It holds what nobody read, or is closed.
    }
  }
}

/**
 * A stock of connections to a server, each with an id. The other end is `createServerPool`, or whatever sends
 * 8 hexadecimal digits first.
 *
 * @throws InvalidOptionError
 */
export function createClientPool<S extends Duplex = Socket>(
  options: ClientPoolOptions<S>,
): ClientPool<S> {
  const { stock: settings, tcp } = readClientOptions(options)
  const names = new ClientNames(settings.mode)
  const pool = makeTcpPool<S>(tcp, names)
  const inside = insideOf<S>(pool)
  names.attend(inside as unknown as World<Duplex>) // Every connection is a stream.
  return new ClientPool<S>(pool, names, new Stock<S>(settings, inside))
}
