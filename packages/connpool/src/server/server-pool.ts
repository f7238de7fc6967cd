import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { discard } from '../net/endure-errors.ts'
import { SocketCustody } from '../net/socket-custody.ts'
import { Alarm } from '../pool/alarm.ts'
import type { Custody } from '../pool/custody.ts'
import { describe } from '../pool/describe.ts'
import {
  AcquireTimeoutError,
  ListenFailedError,
  PoolClosedError,
  type PoolError,
} from '../pool/errors.ts'
import { Judgement } from '../pool/judgement.ts'
import type { Lease } from '../pool/lease.ts'
import { type ResolvedSettings, resolveSettings } from '../pool/options.ts'
import { type CloseOptions, insideOf, Pool, READY_RULES, type ReadyOptions } from '../pool/pool.ts'
import { checkArguments } from '../pool/rules.ts'
import { type Source, sourceOf } from '../pool/source.ts'
import type { PoolStats } from '../pool/stats.ts'
import { Acceptor } from './acceptor.ts'
import { readAllow } from './allow-list.ts'
import { type AcquireByIdOptions, acquireById } from './by-id.ts'
import type { RejectReason } from './handshakes.ts'
import { Names } from './names.ts'
import { Reception } from './reception.ts'
import { readServerOptions, type ServerPoolOptions } from './server-options.ts'
import { readServerTls } from './server-tls.ts'

/** Figures of a server pool. */
export interface ServerPoolStats extends PoolStats {
  /** Gauge: peers in the middle of a handshake. */
  readonly handshaking: number
  /** Peers that were turned away, by reason. */
  readonly rejected: Readonly<Record<RejectReason, number>>
}

/**
 * A pool of connections that were accepted, each with an id that both ends know. It lends them as any pool
 * does; `lease.detach()` takes one for good. Made by `createServerPool`.
 */
export class ServerPool<S extends Duplex = Socket> extends Pool<S> {
  readonly #names: Names<S>
  readonly #settings: ResolvedSettings
  readonly #reception: Reception<S>
  readonly #acceptor: Acceptor

  /** @internal */
  constructor(
    source: Source<S>,
    settings: ResolvedSettings,
    custody: Custody<S>,
    names: Names<S>,
    reception: Reception<S>,
    options: ServerPoolOptions<Duplex>,
  ) {
    super(source, settings, custody, reception)
    this.#names = names
    this.#settings = settings
    this.#reception = reception
    names.attend(insideOf<S>(this))
    reception.attend(insideOf<S>(this))
    this.#acceptor = new Acceptor(options, reception)
    this.#acceptor.listening.catch(() => this.close())
  }

  /**
   * Lends the connection of that id, which the other end has told; where it is not there, or lent, waits
   * for it. With `timeoutMs: 0` it does not wait.
   * @throws as `acquire`, by rejecting.
   */
  acquireById(id: string, options: AcquireByIdOptions = {}): Promise<Lease<S>> {
    const { acquireTimeoutMs } = this.#settings
    const verb = this.acquireById
    return acquireById({ pool: this, names: this.#names, acquireTimeoutMs, verb }, id, options)
  }

  /**
   * Resolves once it listens.
   * @throws ListenFailedError where it cannot: it is closed then. AcquireTimeoutError, PoolClosedError or
   * InvalidOptionError. All by rejecting.
   */
  override ready(options: ReadyOptions = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      checkArguments(this, 'ready', options, READY_RULES)
      const { acquireTimeoutMs, clock } = this.#settings
      const { timeoutMs = acquireTimeoutMs } = options
      if (this.#acceptor.isStopped) throw this.#unready(null)
      const alarm = new Alarm(clock, () => {
        const what = `it did not listen within ${timeoutMs} ms`
        reject(new AcquireTimeoutError(this.name, what, { stats: this.stats() }))
      })
      alarm.set(clock.now() + timeoutMs, true)
      this.#acceptor.listening
        .then(resolve, (cause: unknown) => reject(this.#unready(cause)))
        .finally(() => alarm.set(Infinity, false))
    })
  }

  /** null: it was closed once it listened. */
  #unready(cause: unknown): PoolError {
    const stats = this.stats()
    return cause === null || cause instanceof PoolClosedError
      ? new PoolClosedError(this.name, { stats })
      : new ListenFailedError(this.name, `it cannot listen: ${describe(cause)}`, { stats, cause })
  }

  override resume(): void {
    super.resume()
    this.#names.resume()
  }

  /** Where it listens: address and port, or the path; null while it does not. */
  address(): AddressInfo | string | null {
    return this.#acceptor.address
  }

  override stats(): ServerPoolStats {
    return Object.freeze({
      ...super.stats(),
      handshaking: this.#reception.handshaking,
      rejected: Object.freeze({ ...this.#reception.rejected }),
    })
  }

  /** Listens no more, ends all handshakes, and closes as any pool. */
  override close(options: CloseOptions = {}): Promise<void> {
    const closed = super.close(options)
    if (insideOf<S>(this).machine.policy.phase !== 'running') {
      const why = new PoolClosedError(this.name, { stats: super.stats() })
      this.#acceptor.stop(why)
      this.#reception.stop(why)
    }
    return closed
  }
}

/**
 * A pool of the connections that peers open. Each is checked, secured and sent its id: 8 lower-case
 * hexadecimal digits, the only bytes that the pool puts on the wire. The other end is `createClientPool`, or
 * whatever reads them.
 *
 * @throws InvalidOptionError
 */
export function createServerPool<S extends Duplex = Socket>(
  options: ServerPoolOptions<S>,
): ServerPool<S> {
  const { name, settings: given } = readServerOptions(options)
  const settings = resolveSettings(
    name,
    {
      ...given,
      max: given.maxConnections ?? 1_024,
      idleTimeoutMs: given.idleTimeoutMs ?? Infinity,
      maxLifetimeMs: given.maxLifetimeMs ?? Infinity,
    },
    { probes: given.probe !== undefined, resets: given.reset !== undefined, dials: false },
  )
  const judgement = new Judgement<Duplex>(name, given)
  const custody = new SocketCustody({ ...given, serverSpeaksFirst: true }, judgement)
  const names = new Names<Duplex>()
  const reception = new Reception<Duplex>(
    {
      allow: readAllow({ name }, given.allow),
      maxPerPeer: given.maxPerPeer ?? Infinity,
      handshakes: {
        tls: readServerTls({ name }, given.tls),
        handshake: given.handshake,
        timeoutMs: given.handshakeTimeoutMs ?? 5_000,
        max: given.maxHandshakes ?? 1_024,
        clock: settings.clock,
      },
      sockets: given,
      onReject: given.onReject,
    },
    names,
    judgement,
  )
  const source = sourceOf<Duplex>({ ...given, create: nobodyDials, destroy: discard }, options)
  const pool = new ServerPool<Duplex>(source, settings, custody, names, reception, given)
  return pool as unknown as ServerPool<S> // Every stream of this pool is an S: its own options say so.
}

function nobodyDials(): never {
  throw new Error('a server pool dials nothing')
}
