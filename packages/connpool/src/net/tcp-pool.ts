import { isIP, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Custody } from '../pool/custody.ts'
import { PoolClosedError } from '../pool/errors.ts'
import { Judgement } from '../pool/judgement.ts'
import { type ResolvedSettings, resolveSettings } from '../pool/options.ts'
import { insideOf, Pool } from '../pool/pool.ts'
import { type Source, sourceOf } from '../pool/source.ts'
import type { Watcher } from '../pool/world.ts'
import { AddressBook } from './address-book.ts'
import { type ConnectPlan, connectStream, type Naming } from './connector.ts'
import { discard } from './endure-errors.ts'
import { byOwnDialer } from './own-dialer.ts'
import type { PhaseLimits } from './phases.ts'
import { type Route, toAddress, toName } from './route.ts'
import { SocketCustody } from './socket-custody.ts'
import {
  readOptions,
  type Target,
  type TcpPoolOptions,
  type TcpPoolSettings,
} from './tcp-options.ts'
import { readTls } from './tls-options.ts'

/** A pool of TCP connections. Made by `createTcpPool`. */
export class TcpPool<S extends Duplex = Socket> extends Pool<S> {
  readonly #book: AddressBook | null
  #closed = false

  /** @internal */
  constructor(
    source: Source<S>,
    settings: ResolvedSettings,
    custody: Custody<S>,
    book: AddressBook | null,
    watcher: Watcher<S> | null,
  ) {
    super(source, settings, custody, watcher)
    this.#book = book
    this.once('drain', () => {
      this.#closed = true
      book?.close(this.#closedError())
    })
    if (book === null) return
    book.keepFor({
      isNeeded: () => this.#isInUse(),
      changed: (holdsForMs) => this.#readdress(book, holdsForMs),
    })
    this.on('open', ({ connectionId, address = '' }) => {
      // It left while it was dialled. The others that have it wait for their own moments.
      if (!book.has(address)) insideOf<S>(this).readdress((_about, id) => id === connectionId, 0)
    })
  }

  /**
   * Resolves the host name now, and has the connections replaced whose address left it: each once
   * another stands in for it, or when it is returned. Where there is no name nothing happens.
   * @throws what the resolver says, and changes nothing then; PoolClosedError; both by rejecting.
   */
  async refresh(): Promise<void> {
    if (this.#closed) throw this.#closedError()
    if (this.#book === null) return
    await this.#book.refresh()
    this.#readdress(this.#book, 0)
  }

  #closedError(): PoolClosedError {
    return new PoolClosedError(this.name, { stats: this.stats() })
  }

  #isInUse(): boolean {
    const { open, connecting } = this.stats()
    return open + connecting > 0
  }

  #readdress(book: AddressBook, spreadMs: number): void {
    insideOf<S>(this).readdress(({ address = '' }) => !book.has(address), spreadMs)
  }
}

/**
 * A pool of TCP connections, or of Unix domain sockets, plain or with TLS. Idle ones are watched: one
 * that its peer closed, or that received bytes nobody asked for, is replaced before anybody gets it.
 *
 * @throws InvalidOptionError
 * @example
 * ```ts
 * import { createTcpPool } from 'connpool'
 *
 * const pool = createTcpPool({ host: '127.0.0.1', port: 6379, max: 20 })
 * const reply = await pool.use(async (socket) => {
 *   socket.write('PING\r\n')
 *   for await (const bytes of socket.iterator({ destroyOnReturn: false })) return String(bytes)
 *   throw new Error('the server hung up')
 * })
 * console.log(reply)
 * await pool.close()
 * ```
 */
export function createTcpPool<S extends Duplex = Socket>(options: TcpPoolOptions<S>): TcpPool<S> {
  return makeTcpPool(options, null)
}

/**
 * For `server/`: a TCP pool whose connections have names.
 * @throws InvalidOptionError
 */
export function makeTcpPool<S extends Duplex>(
  options: TcpPoolOptions<S>,
  names: (Naming & Watcher<Duplex>) | null,
): TcpPool<S> {
  const { name, place, target, settings: given } = readOptions(options)
  const settings = resolveSettings(name, given, {
    probes: given.probe !== undefined,
    resets: given.reset !== undefined,
    dials: true,
  })
  const { clock } = settings
  const tls = readTls({ name }, given.tls, 'host' in target ? target.host : undefined)
  const book = bookOf(target, given, settings)
  const custody = new SocketCustody(given, new Judgement(name, given))
  const plan: ConnectPlan = {
    route: routeOf(target, place, given, book, clock),
    tls,
    naming: names,
    handshake: given.handshake,
    limits: limitsOf(given),
    clock,
    custody,
  }
  const source = sourceOf<Duplex>(
    {
      ...given,
      create: (context) => connectStream(plan, context),
      destroy: discard,
    },
    options,
  )
  // Every stream of this pool is an S: it comes from its own route.
  return new TcpPool<Duplex>(source, settings, custody, book, names) as unknown as TcpPool<S>
}

/** The address book of a host name; null where there is none to resolve. */
function bookOf(
  target: Target,
  { localAddress = '', family = 0, lookup, lookupTimeoutMs = Infinity }: TcpPoolSettings<Duplex>,
  { clock, limits }: ResolvedSettings,
): AddressBook | null {
  if ('path' in target || 'connect' in target || isIP(target.host) !== 0) return null
  const timeoutMs = Math.min(lookupTimeoutMs, limits.createTimeoutMs)
  // From an address of one family no address of the other can be dialled.
  const dialled = family === 0 ? familyOf(localAddress) : family
  return new AddressBook({ ...target, family: dialled, lookup, timeoutMs, clock })
}

function familyOf(address: string): 0 | 4 | 6 {
  const family = isIP(address)
  return family === 4 || family === 6 ? family : 0
}

function limitsOf(given: TcpPoolSettings<Duplex>): PhaseLimits {
  const { lookupTimeoutMs: lookup = Infinity, connectTimeoutMs: connect = Infinity } = given
  const { tlsTimeoutMs: tls = Infinity, handshakeTimeoutMs: handshake = Infinity } = given
  return { lookup, connect, tls, handshake }
}

function routeOf(
  target: Target,
  place: string,
  given: TcpPoolSettings<Duplex>,
  book: AddressBook | null,
  clock: ResolvedSettings['clock'],
): Route {
  if ('connect' in target) return byOwnDialer(target, place, given)
  if (book === null || 'path' in target) return toAddress(target, given)
  return toName(book, given, clock)
}
