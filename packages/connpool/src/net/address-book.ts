import { AsyncResource } from 'node:async_hooks'
import { isIP } from 'node:net'
import { Alarm } from '../pool/alarm.ts'
import { type Clock, rooted } from '../pool/clock.ts'
import { showAddress } from './address.ts'
import { type Lookup, lookUp, type Resolution } from './lookup.ts'
import { orAbort, withinTime } from './patience.ts'

/** Bounds on how long an answer holds, in ms. */
const SHORTEST_MS = 1_000
const LONGEST_MS = 300_000

/** How long an answer holds whose resolver does not say, as the system's does not, in ms. */
const ASSUMED_MS = 30_000

/** Part of that time after which the name is resolved anew. */
const REFRESH_AT = 0.8

/** Time between tries while the resolver fails, in ms: doubled from the first to the last. */
const FIRST_RETRY_MS = 1_000
const LAST_RETRY_MS = 30_000

/** How long a dial waits for a new answer while an old one is known, in ms. */
const PATIENCE_MS = 1_000

/** What an address book needs. */
export interface AddressBookOptions {
  readonly host: string
  readonly port: number
  readonly family: 0 | 4 | 6
  readonly lookup: Lookup | undefined
  /** How long a lookup may take, in ms. */
  readonly timeoutMs: number
  readonly clock: Required<Clock>
}

/** For whom the book is kept. */
export interface AddressReader {
  /** Whether anything is connected by the book: otherwise the name is resolved when next asked for. */
  isNeeded(): boolean
  /** Some addresses belong to the name no more. The new answer holds for so long, in ms. */
  changed(holdsForMs: number): void
}

/**
 * The addresses of one host name: resolved once for all dials, anew before they are out of date,
 * and kept while the resolver fails.
 */
export class AddressBook {
  readonly #options: AddressBookOptions
  readonly #alarm: Alarm
  #reader: AddressReader | null = null
  #known: readonly string[] = []
  /** When what is known is out of date, in ms of the pool's clock. */
  #holdsUntil = -Infinity
  /** When to resolve it anew; Infinity while that waits for a dial. */
  #wakeAt = Infinity
  #retryMs = FIRST_RETRY_MS
  #pending: Promise<void> | null = null
  /** Those whose last dial failed: they are dialled last. */
  readonly #failing = new Set<string>()
  #dials = 0
  /** Aborts when nobody needs them any more. */
  readonly #end = new AbortController()

  constructor(options: AddressBookOptions) {
    this.#options = options
    // Whoever calls refresh() may be a request: the timer is not to keep its context.
    const clock = rooted(options.clock, new AsyncResource('connpool'))
    this.#alarm = new Alarm(clock, () => this.#wake())
  }

  /** Names whom to tell of changes. */
  keepFor(reader: AddressReader): void {
    this.#reader = reader
  }

  /** The name, for messages. */
  get name(): string {
    return this.show(this.#options.host)
  }

  /** The port of all its addresses. */
  get port(): number {
    return this.#options.port
  }

  /** Whether an address, as it is shown, belongs to the name as far as is known. */
  has(shown: string): boolean {
    return this.#known.length === 0 || this.#known.some((address) => this.show(address) === shown)
  }

  /** An address in one word. */
  show(address: string): string {
    return showAddress({ host: address, port: this.port })
  }

  /** What became of a dial. */
  dialled(address: string, connected: boolean): void {
    if (connected) this.#failing.delete(address)
    else this.#failing.add(address)
  }

  /**
   * The addresses for one dial, in the order in which to try them.
   * @throws what the resolver says while no answer was ever had, or the reason of `signal`; by
   * rejecting.
   */
  async take(signal: AbortSignal): Promise<readonly string[]> {
    const { clock } = this.#options
    if (clock.now() >= this.#holdsUntil) {
      const fresh = this.#resolve()
      const isFirst = this.#known.length === 0
      const soon = isFirst
        ? fresh
        : withinTime(fresh, PATIENCE_MS, clock, signal).catch(this.#makeDo)
      await orAbort(soon, signal)
    } else if (this.#wakeAt === Infinity) this.#wakeIn(0)
    return this.#inOrder()
  }

  /**
   * Resolves the name now.
   * @throws what the resolver says, or why the book was closed, by rejecting; what was known is kept.
   */
  async refresh(): Promise<void> {
    // What was asked before may be answered as it was then.
    await this.#pending?.catch(ignore)
    await this.#resolve()
  }

  /** The pool is closed, and no timer is left (law 18). Who waits for an answer is told `why`. */
  close(why: Error): void {
    this.#end.abort(why)
    this.#alarm.set(Infinity, false)
  }

  /** One lookup serves all who ask while it is under way. */
  #resolve(): Promise<void> {
    this.#pending ??= this.#lookUp().finally(() => {
      this.#pending = null
    })
    return this.#pending
  }

  async #lookUp(): Promise<void> {
    const { host, family, lookup, timeoutMs, clock } = this.#options
    try {
      const asked = lookUp(host, family, lookup)
      const late = `${this.name} was not resolved`
      this.#learn(await withinTime(asked, timeoutMs, clock, this.#end.signal, late))
      this.#retryMs = FIRST_RETRY_MS
    } catch (error) {
      if (this.#known.length > 0) this.#wakeIn(this.#retryMs)
      this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS)
      throw error
    }
  }

  #learn({ addresses, ttlMs = ASSUMED_MS }: Resolution): void {
    const { clock } = this.#options
    const left = this.#known.some((address) => !addresses.includes(address))
    const holdsForMs = Math.min(Math.max(ttlMs, SHORTEST_MS), LONGEST_MS)
    this.#known = addresses
    this.#failing.clear()
    this.#holdsUntil = clock.now() + holdsForMs
    this.#wakeIn(holdsForMs * REFRESH_AT)
    if (left) this.#reader?.changed(holdsForMs)
  }

  /** What is known has to do for a while longer: not every dial waits for a resolver in trouble. */
  readonly #makeDo = (): void => {
    this.#holdsUntil = this.#options.clock.now() + this.#retryMs
  }

  #wakeIn(ms: number): void {
    if (this.#end.signal.aborted) return
    const now = this.#options.clock.now()
    this.#wakeAt = now + ms
    this.#alarm.set(this.#wakeAt, false)
  }

  #wake(): void {
    const now = this.#options.clock.now()
    const at = this.#wakeAt
    this.#wakeAt = Infinity
    if (now < at) this.#wakeIn(at - now)
    else if (this.#reader?.isNeeded()) this.#resolve().catch(ignore)
  }

  /**
   * RFC 8305, section 4: families take turns, the one that the resolver prefers first. Within a
   * family every dial begins with another address, as a resolver's own rotation would have it; those
   * whose last dial failed come last.
   */
  #inOrder(): readonly string[] {
    const turn = this.#dials++
    const sound = this.#known.filter((address) => !this.#failing.has(address))
    const failing = this.#known.filter((address) => this.#failing.has(address))
    return [...interleaved(sound, turn), ...interleaved(failing, turn)]
  }
}

function interleaved(addresses: readonly string[], turn: number): string[] {
  const [preferred = ''] = addresses
  const isPreferred = (address: string) => isIP(address) === isIP(preferred)
  const first = rotated(addresses.filter(isPreferred), turn)
  const second = rotated(
    addresses.filter((address) => !isPreferred(address)),
    turn,
  )
  const longer = Math.max(first.length, second.length)
  return Array.from({ length: longer }, (_, i) => [first[i], second[i]])
    .flat()
    .filter((address) => address !== undefined)
}

function rotated<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}

function ignore(): void {}
