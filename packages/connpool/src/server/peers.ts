import type { Clock } from '../pool/clock.ts'

/** A peer that failed so often in a row has to wait. */
const FREE_FAILURES = 10
const FIRST_DELAY_MS = 100
const LONGEST_DELAY_MS = 5_000
/** Failures so soon one after the other are one: a process that ends takes all its connections with it. */
const AT_ONCE_MS = 10
/** So many are remembered that have no connection. */
const REMEMBERED = 10_000

/** What is known of one address. */
interface Peer {
  connections: number
  /** In a row. */
  failures: number
  failedAt: number
  /** Until then it is turned away. */
  barredUntil: number
}

/**
 * How many connections each address has, and which of them fails again and again: such a one is turned
 * away for a while, which doubles with each failure more. Who succeeds once starts anew.
 */
export class Peers {
  /** Those that have connections. */
  readonly #present = new Map<string, Peer>()
  /** Those that failed last and have none, the latest last. */
  readonly #past = new Map<string, Peer>()
  readonly #max: number
  readonly #clock: Clock

  constructor(max: number, clock: Clock) {
    this.#max = max
    this.#clock = clock
  }

  /** One more connection. Answers false where the address has as many as it may, or has to wait. */
  enter(address: string): boolean {
    const peer = this.#present.get(address) ??
      this.#past.get(address) ?? {
        connections: 0,
        failures: 0,
        failedAt: -Infinity,
        barredUntil: -Infinity,
      }
    if (peer.connections >= this.#max || this.#clock.now() < peer.barredUntil) return false
    peer.connections++
    this.#past.delete(address)
    this.#present.set(address, peer)
    return true
  }

  succeeded(address: string): void {
    const peer = this.#present.get(address)
    if (peer !== undefined) peer.failures = 0
  }

  failed(address: string): void {
    const peer = this.#present.get(address)
    const now = this.#clock.now()
    if (peer === undefined || now - peer.failedAt < AT_ONCE_MS) return
    peer.failedAt = now
    const doublings = ++peer.failures - FREE_FAILURES
    if (doublings < 0) return
    const delayMs = Math.min(FIRST_DELAY_MS * 2 ** doublings, LONGEST_DELAY_MS)
    peer.barredUntil = now + delayMs
  }

  /** One connection less. */
  leave(address: string): void {
    const peer = this.#present.get(address)
    if (peer === undefined || --peer.connections > 0) return
    this.#present.delete(address)
    if (peer.failures === 0) return
    this.#past.set(address, peer)
    for (const oldest of this.#past.keys()) {
      if (this.#past.size <= REMEMBERED) return
      this.#past.delete(oldest)
    }
  }
}
