import { Deadlines } from './deadlines.ts'
import { Line } from './line.ts'
import type { Moment, Waiter } from './waiter.ts'

/** `fifo`: first come, first served. `adaptive-lifo`: newest first while the oldest waits too long. */
export type QueueOrder = 'fifo' | 'adaptive-lifo'

export const PRIORITIES = 8
/** Expired waiters turned away at once, so that a mass expiry does not stall the loop. */
export const EXPIRE_AT_ONCE = 1_000
/** A wait after which `adaptive-lifo` takes the queue for congested, in ms. */
const CONGESTED_MS = 50
/** Grants in a row that may pass over the oldest waiter. */
const PASSES = 8

/**
 * The queue of those who wait: who is next, and who gives up when. Each leaves it once, and is offered
 * nothing from then on (laws 8 and 9).
 *
 * Law 5: within a priority first come, first served, in `fifo`; in any order the oldest of all is
 * served at least once in nine grants, so that nobody starves and nothing is counted per waiter (law 25).
 * `adaptive-lifo` is B. Maurer, "Fail at Scale" (ACM Queue, 2015).
 */
export class Queue {
  readonly #order: QueueOrder
  readonly #queues: Line<Waiter>[] = []
  readonly #patience = new Deadlines<Waiter>()
  #arrivals = 0
  #passes = 0
  /** Those of them who wait for the freshness turn only. */
  #turnOnly = 0
  size = 0

  constructor(order: QueueOrder) {
    this.#order = order
    for (let priority = 0; priority < PRIORITIES; priority++) this.#queues.push(new Line())
  }

  /** Those for whom a connection is owed. */
  get demand(): number {
    return this.size - this.#turnOnly
  }

  /** When the first of them gives up; Infinity when nobody will. */
  get nextDue(): number {
    return this.#patience.at
  }

  /** Somebody who must be turned away by `now`, or null. */
  expired(now: number): Waiter | null {
    const first = this.#patience.first
    return first !== null && first.dueAt <= now ? first : null
  }

  enqueue(waiter: Waiter): void {
    waiter.seq = ++this.#arrivals
    this.#queueOf(waiter).push(waiter)
    this.size++
    if (waiter.turnOnly) this.#turnOnly++
  }

  /** The turn ends: those who came in it wait from now on. They are at the newest ends. */
  settle(now: number): void {
    if (this.size === 0) return
    const moment: Moment = { at: now }
    const begin = (waiter: Waiter) => {
      waiter.since = moment
      this.#patience.add(waiter, waiter.turnOnly ? Infinity : now + waiter.patienceMs)
    }
    for (const queue of this.#queues) queue.eachNew(isNew, begin)
  }

  /** Who is served next. */
  next(now: number): Waiter | null {
    if (this.size === 0) return null
    const oldest = this.oldest()
    const favoured = this.#favoured(oldest, now)
    return favoured !== oldest && this.#passes >= PASSES ? oldest : favoured
  }

  /** Who is served next, where no clock is needed to tell: all who wait are served in order. Or null. */
  get plain(): Waiter | null {
    const plain = this.#queues[0]
    if (this.#order !== 'fifo' || plain === undefined || plain.size < this.size) return null
    return plain.first
  }

  /** Takes out `next()`, which is being served. */
  serve(waiter: Waiter): void {
    this.#passes = waiter === this.oldest() ? 0 : this.#passes + 1
    this.leave(waiter)
  }

  /** Takes out one that gave up or is turned away. */
  leave(waiter: Waiter): void {
    this.#queueOf(waiter).remove(waiter)
    this.#patience.remove(waiter)
    this.size--
    if (waiter.turnOnly) this.#turnOnly--
    waiter.seq = 0
  }

  /** Whoever has waited longest, of all priorities. */
  oldest(): Waiter | null {
    let oldest: Waiter | null = null
    for (const queue of this.#queues) {
      const first = queue.first
      if (first !== null && (oldest === null || first.seq < oldest.seq)) oldest = first
      if (queue.size === this.size) break
    }
    return oldest
  }

  #favoured(oldest: Waiter | null, now: number): Waiter | null {
    const congested =
      this.#order === 'adaptive-lifo' && oldest !== null && oldest.waitedMs(now) > CONGESTED_MS
    for (let priority = PRIORITIES - 1; priority >= 0; priority--) {
      const queue = this.#queues[priority]
      if (queue !== undefined && queue.size > 0) return congested ? queue.last : queue.first
    }
    return null
  }

  #queueOf(waiter: Waiter): Line<Waiter> {
    const queue = this.#queues[waiter.priority]
    if (queue === undefined) throw new RangeError(`priority ${waiter.priority} is not 0 to 7`)
    return queue
  }
}

function isNew({ since }: Waiter): boolean {
  return since === null
}
