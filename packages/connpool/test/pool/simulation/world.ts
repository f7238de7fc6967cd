import type { Lease } from '../../../src/pool/lease.ts'
import type { Pool } from '../../../src/pool/pool.ts'
import { Chance } from './chance.ts'
import type { Link } from './link.ts'
import { Loop } from './loop.ts'
import { classOf } from './mishap.ts'
import type { Settings } from './scenario.ts'
import { Trouble } from './trouble.ts'
import { Verdict } from './verdict.ts'

/** Somebody who asked for a connection, or for `min` to stand, and has no answer yet. */
export interface Ask {
  readonly serial: number
  readonly purpose: 'lease' | 'ready'
  readonly priority: number
  readonly timeoutMs: number
  /** It gives up no sooner; -Infinity: it may not wait. */
  readonly earliestMs: number
  /** It has given up by then: Infinity until the turn is over in which it came, since it waits from then on. */
  latestMs: number
  /** Its place in the order of all acts. */
  readonly order: number
  readonly turn: number
  /** It came while immediates ran, when the last poll may still hold. */
  readonly polled: boolean
  /** Withdraws it; null where it cannot be. */
  readonly controller: AbortController | null
  waits: boolean
  /** Withdrawn when nothing could be on its way to it any more. */
  withdrawn: boolean
  /** Served were others while it was the oldest. */
  passes: number
  /** One was served whose turn it was not, before this one. */
  passed: { readonly turn: number; readonly ms: number } | null
}

/** What somebody holds. */
export interface Loan {
  readonly serial: number
  readonly lease: Lease<Link>
  readonly link: Link
  ended: boolean
  /** Asked for by its holder. */
  signal: AbortSignal | null
  /** Ends the function that `use` was given; null where the loan is not by `use`. */
  finish: ((succeeds: boolean) => void) | null
}

/** Callbacks within callbacks within callbacks. */
const DEEPEST = 3
/** How many that are over are kept, for late and doubled calls. */
const REMEMBERED = 6

/**
 * The truth, by the account of the network and of the borrowers: who holds what, what is open, who
 * waits since when. The pool is held to the laws by it.
 */
export class World {
  readonly settings: Settings
  readonly loop: Loop = new Loop()
  readonly verdict: Verdict = new Verdict()
  readonly trouble: Trouble
  /** A line for each thing that happens; null where nobody reads them. */
  readonly trace: string[] | null
  chance: Chance = new Chance(0)
  haste: number
  weather = 'fair'
  /** Callbacks inside of each other that call back into the pool. */
  depth = 0
  /** Calls back into the pool, in the middle of whatever it does. */
  react: () => void = () => {}

  links: Link[] = []
  readonly goneLinks: Link[] = []
  asks: Ask[] = []
  loans: Loan[] = []
  readonly endedLoans: Loan[] = []
  generation = 0
  paused = false
  closing = false
  /** `max` was lowered at some time. */
  shrunk = false
  /** Closed, and empty. */
  drained = false
  /** Time leapt in the middle of a callback, so that it cannot be seen when that is. */
  drainUnseen = false
  /** When the grace of the close is over. */
  graceByMs = Infinity
  /** The most connections that stood at a time since all was calm. */
  stood = 0
  /** Leases whose connection was closed under them because the grace was over. */
  taken = 0
  /** Some were given back while that was under way. */
  takenUnseen = false
  min: number
  max: number
  readonly counts: Counts = {
    granted: 0,
    timeouts: 0,
    aborts: 0,
    refused: 0,
    failed: 0,
    releases: 0,
    opened: 0,
    endings: 0,
  }
  #pool: Pool<Link> | null = null
  #serial = 0
  #calmAt = 0
  #sureFrom = 0
  /** When a callback last called back, in the order of all acts. */
  #reactedAt = 0

  constructor(settings: Settings, trace: string[] | null) {
    this.settings = settings
    this.trace = trace
    this.trouble = new Trouble(settings)
    this.haste = settings.haste
    this.max = settings.max
    this.min = Math.min(settings.min, this.maxIdle)
    this.loop.isOver = () => this.verdict.first !== null
    this.loop.restless = () => this.verdict.insist(false, 'law 25', 'it never comes to rest')
    this.loop.turned = () => this.#beginWaits()
    this.loop.calmed = () => {
      this.#calmAt = this.#serial
      this.stood = this.serving.length
    }
  }

  get pool(): Pool<Link> {
    if (this.#pool === null) throw new Error('there is no pool yet')
    return this.#pool
  }

  set pool(pool: Pool<Link>) {
    this.#pool = pool
  }

  get now(): number {
    return this.loop.now()
  }

  get maxIdle(): number {
    return Math.min(this.idleCap ?? this.max, this.max)
  }

  /** The pool's `maxIdle`, where it is given one. */
  get idleCap(): number | undefined {
    const { maxIdle, max } = this.settings
    return maxIdle < max ? maxIdle : undefined
  }

  get minIdle(): number {
    return Math.min(this.settings.minIdle, this.settings.maxIdle, this.settings.max)
  }

  /** Dials that are wanted. */
  get dialling(): Link[] {
    return this.links.filter(({ dial, stopped }) => dial === 'running' && stopped === null)
  }

  get serving(): Link[] {
    return this.links.filter((link) => link.serving)
  }

  /** The pool's timer has rung: it gives up what takes too long to close, or to stop. */
  giveUp(): void {
    for (const link of this.links) {
      const since = link.dial === 'running' ? link.stopped : link.ending
      if (since === null) continue
      const { destroyTimeoutMs } = this.settings
      if (this.loop.sinceMs >= since.toMs + destroyTimeoutMs) link.givenUp = true
      else if (this.loop.sinceMs >= since.fromMs + destroyTimeoutMs) this.drainUnseen = true
    }
  }

  /** Looks whether nothing holds a place any more; what comes too late finds it closed all the same. */
  noteDrained(): void {
    if (!this.closing || this.drained) return
    this.drained = this.links.every(
      ({ dial, detached, ending, givenUp }) =>
        dial === 'failed' || detached || givenUp || ending?.done === true,
    )
  }

  /** The next number in the order of all acts. */
  order(): number {
    return ++this.#serial
  }

  /** Whether it was so before anything that may still be on its way. */
  isOld(order: number): boolean {
    return order <= this.#calmAt
  }

  /** Open, and to be lent again. */
  isSound(link: Link): boolean {
    const worn = link.uses >= this.settings.maxUses
    return link.serving && !worn && !link.drained && link.generation === this.generation
  }

  /** Whether it holds a place at this moment, of which a callback may be late to tell (law 3). */
  holdsPlace({ dial, stopped, ending, detached }: Link): boolean {
    const since = dial === 'running' ? stopped : ending
    if (dial === 'failed' || detached || ending?.done === true) return false
    return since === null || this.now < since.fromMs + this.settings.destroyTimeoutMs
  }

  /** A callback of the pool's: it may call back. */
  meddle(): void {
    this.loop.touch()
    if (this.depth >= DEEPEST || !this.chance.maybe(this.haste)) return
    this.#reactedAt = this.order()
    this.depth++
    this.react()
    this.depth--
  }

  /** Somebody called back, and all that it led to may not have been seen yet. */
  get reacted(): boolean {
    return !this.isOld(this.#reactedAt)
  }

  /** A dial of that step failed. In the middle of callbacks it cannot be seen what came before what. */
  failed({ serial, step }: Link, error: unknown): void {
    const { loop, trouble, settings } = this
    if (this.reacted || serial < this.#sureFrom) trouble.unsure = true
    trouble.fail(step, classOf(error, settings.hints), loop.moment(), loop.turn)
  }

  /** A dial proved to have been a success. */
  succeeded(): void {
    // The steps that were counted meanwhile may be wrong: those of older dials are not to be trusted.
    if (this.trouble.unsure) this.#sureFrom = this.order()
    this.trouble.succeed(this.loop.turn)
    if (this.reacted) this.trouble.unsure = true
  }

  /** Whether a callback that may throw should. */
  throws(): boolean {
    return this.haste > 0 && this.chance.maybe(0.1)
  }

  /** Forgets what is over, but for a few. */
  sweep(): void {
    const gone = this.links.filter((link) => !this.#matters(link))
    if (gone.length === 0) return
    this.links = this.links.filter((link) => this.#matters(link))
    this.goneLinks.push(...gone)
    this.goneLinks.splice(0, this.goneLinks.length - REMEMBERED)
  }

  remember(loan: Loan): void {
    this.endedLoans.push(loan)
    if (this.endedLoans.length > REMEMBERED) this.endedLoans.shift()
  }

  /** Those wait from now on who came before the pool's turn began that is over now. */
  #beginWaits(): void {
    for (const ask of this.asks) {
      const turnsToEnd = ask.polled ? 2 : 1
      const isNew = ask.latestMs === Infinity && this.loop.turn >= ask.turn + turnsToEnd
      if (isNew) ask.latestMs = this.now + ask.timeoutMs
    }
  }

  #matters({ dial, detached, ending, holders }: Link): boolean {
    return holders > 0 || (dial !== 'failed' && !detached && ending?.done !== true)
  }
}

/** What the pool's own counters must come to. */
export interface Counts {
  granted: number
  timeouts: number
  aborts: number
  refused: number
  failed: number
  releases: number
  opened: number
  /** Leases ended in whatever way. */
  endings: number
}
