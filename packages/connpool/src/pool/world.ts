import { AsyncResource } from 'node:async_hooks'
import type { FailureClass } from '../core/backoff.ts'
import type { Diagnosis, Effects } from '../core/effects.ts'
import { PoolMachine } from '../core/machine.ts'
import { type CloseReason, Slot } from '../core/slot.ts'
import type { Refusal, Waiter } from '../core/waiter.ts'
import { Alarm } from './alarm.ts'
import { type About, Cargo } from './cargo.ts'
import { type Clock, rooted } from './clock.ts'
import { type Custody, UnfitError } from './custody.ts'
import { Events } from './events.ts'
import { contextOf, lateCreate } from './failure.ts'
import { Judgement } from './judgement.ts'
import type { Lease } from './lease.ts'
import { type LoanOffice, Loans } from './loans.ts'
import type { ResolvedSettings } from './options.ts'
import { Rejections, type Verb } from './rejections.ts'
import type { ErrorOrigin, Source } from './source.ts'
import { type PoolStats, snapshot } from './stats.ts'
import { isThenable } from './thenable.ts'
import type { Ticket, TicketOffice } from './ticket.ts'
import { Turns } from './turns.ts'

type Place<T> = Slot<Cargo<T>>

/** What the pool is told when its machine has come to the end. */
export interface Ending {
  graceOver(): void
  drained(): void
}

/** Who is told of the connections of a pool, ahead of all others. */
export interface Watcher<T> {
  /** It opened, and idles. */
  opened(slot: Place<T>): void
  /** It came back in this turn, which ends, and idles. It must be left alone. */
  parked(slot: Place<T>): void
  /** It is in the pool no more. */
  gone(slot: Place<T>, reason: CloseReason): void
}

/**
 * The machine's commands carried out: on the source, the promises and the observers; and what comes
 * of them told to the machine. No callback of the user's can harm it: what throws, rejects, hangs or
 * calls back is an answer like any other (law 19).
 */
export class World<T> implements Effects<Cargo<T>>, LoanOffice<T>, TicketOffice {
  readonly name: string
  readonly source: Source<T>
  readonly custody: Custody<T> | null
  readonly machine: PoolMachine<Cargo<T>>
  readonly events: Events
  readonly judgement: Judgement<T>
  readonly turns: Turns
  readonly loans: Loans<T>
  /** Why the pool was last invalidated, for those that close because of it. */
  staleBecause: unknown
  /** The latest failed dial. */
  lastFailure: unknown

  readonly settings: ResolvedSettings
  readonly #clock: Required<Clock>
  readonly #ending: Ending
  readonly #watcher: Watcher<T> | null
  readonly #alarm: Alarm
  /** What a pool does outlives the request that caused it, and must not keep its context. */
  readonly #root = new AsyncResource('connpool', { requireManualDestroy: false })
  readonly #rejections: Rejections
  readonly #toRest: Place<T>[] = []

  constructor(
    source: Source<T>,
    settings: ResolvedSettings,
    custody: Custody<T> | null,
    ending: Ending,
    watcher: Watcher<T> | null,
  ) {
    this.name = settings.name
    this.settings = settings
    this.source = source
    this.custody = custody
    this.#clock = rooted(settings.clock, this.#root)
    this.#ending = ending
    this.#watcher = watcher
    this.events = new Events(settings.name)
    this.judgement = new Judgement<T>(settings.name, source)
    this.machine = new PoolMachine<Cargo<T>>(settings.limits, this, settings.random)
    this.#alarm = new Alarm(this.#clock, () => this.#elapse())
    this.turns = new Turns(this.#clock, {
      end: () => this.#settle(),
      polled: () => this.#polled(),
      pollOver: () => this.machine.turnOver(),
    })
    this.loans = new Loans<T>(this, settings.limits.maxLeases)
    this.#rejections = new Rejections(this, (ticket, error) => {
      if (ticket.purpose === 'lease' && this.events.heard.refuse) {
        this.events.emit('refuse', this.now(), { error })
      }
      ticket.refuse(error)
    })
  }

  now(): number {
    return this.#clock.now()
  }

  stats(): PoolStats {
    return snapshot(this.machine)
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────

  #settle(): void {
    const now = this.now()
    this.loans.turnOver()
    this.machine.settle(now)
    for (const slot of this.#toRest.splice(0)) {
      if (slot.state === 'idle' && slot.stamped) this.#rest(slot)
    }
    this.#setAlarm()
    this.#rejections.tellSome()
    if (this.#rejections.pending) this.turns.expectEnd()
  }

  #polled(): void {
    this.machine.refreshed(this.now())
    this.turns.expectEnd()
  }

  #elapse(): void {
    const now = this.now()
    this.#rejections.renew()
    this.machine.elapse(now)
    this.#setAlarm()
  }

  #setAlarm(): void {
    this.#alarm.set(this.machine.nextDue(), this.machine.awaited)
  }

  #rest(slot: Place<T>): void {
    if (slot.cargo.resting) return
    const { cargo } = slot
    cargo.resting = true
    this.judgement.call('unref', () => this.source.unref?.(cargo.connection as T)) // Idle: it has one.
  }

  // ── Connections ───────────────────────────────────────────────────────────────────────────────

  cargo(): Cargo<T> {
    return new Cargo<T>()
  }

  open(slot: Place<T>): void {
    this.#root.runInAsyncScope(() => void this.#create(slot))
  }

  /**
   * Takes in a connection that somebody else opened, since `begunAt`. Answers false where there is no place
   * for it.
   * @throws UnfitError where it is not fit to be kept.
   */
  offer(connection: T, about: About, begunAt: number, beneath?: T): boolean {
    const slot = new Slot(this.cargo())
    slot.bornAt = begunAt
    slot.cargo.connection = connection
    slot.cargo.about = about
    this.custody?.enter(connection, about, (error) => this.#died(slot, error), beneath)
    const isPlaced = this.machine.offer(slot, this.now())
    this.turns.expectEnd()
    return isPlaced
  }

  /**
   * Has the open connections to which `isMeant` applies replaced, because their address left the name; each
   * at a moment of its own within `spreadMs`.
   */
  readdress(isMeant: (about: About, connectionId: number) => boolean, spreadMs: number): void {
    const meant = ({ id, cargo }: Place<T>) => isMeant(cargo.about, id)
    this.machine.expire(meant, 'readdressed', spreadMs, this.now())
    this.turns.expectEnd()
  }

  abort(slot: Place<T>): void {
    const { operation } = slot.cargo
    slot.cargo.operation = null
    operation?.abort(new Error(`${this.name}: this connection is no longer wanted`))
  }

  probe(slot: Place<T>): void {
    this.#root.runInAsyncScope(() => void this.#ask(slot))
  }

  reset(slot: Place<T>): void {
    this.#root.runInAsyncScope(() => void this.#clean(slot))
  }

  destroy(slot: Place<T>, reason: CloseReason, error: unknown): void {
    this.abort(slot)
    const stale = reason === 'invalidated' ? this.staleBecause : undefined
    slot.cargo.error = error ?? slot.cargo.error ?? stale
    const because = slot.cargo.error
    this.#root.runInAsyncScope(() => void this.#destroy(slot, reason, because))
    this.recall(slot)
  }

  recall(slot: Place<T>): void {
    if (slot.leases === 0) return
    if (slot.fate === 'invalidated') slot.cargo.error ??= this.staleBecause
    const why = slot.state === 'lent' ? 'is to be given back' : 'was closed'
    const { error } = slot.cargo
    const cause = error === undefined ? {} : { cause: error }
    slot.cargo.recall(new Error(`${this.name}: connection ${slot.id} ${why} (${slot.fate})`, cause))
  }

  fit(slot: Place<T>): boolean {
    if (this.custody === null) return true
    const connection = slot.cargo.connection as T
    // What others who share it have not read yet is theirs; only its death counts.
    if (slot.seat !== null && slot.leases > 0) return this.custody.isAlive(connection)
    return this.custody.lend(connection)
  }

  diagnosis(slot: Place<T>): Diagnosis {
    const error = this.custody?.whyUnfit(slot.cargo.connection as T) // An open slot has it.
    return { reason: reasonOf(error), error }
  }

  turn(): void {
    this.turns.poll()
    this.turns.expectEnd()
  }

  parked(slot: Place<T>): void {
    this.custody?.watch(slot.cargo.connection as T)
    this.#watcher?.parked(slot)
    if (this.source.unref !== undefined) this.#toRest.push(slot)
  }

  async #create(slot: Place<T>): Promise<void> {
    const operation = new AbortController()
    slot.cargo.operation = operation
    const died = (error?: unknown) => this.#died(slot, error)
    let connection: T
    try {
      connection = await this.source.create({ signal: operation.signal, died })
    } catch (error) {
      const why = error === undefined ? new Error(`${this.name}: create() gave no error`) : error
      // What was stopped did not fail: nobody is asked what is wrong with it.
      const stopped = slot.state !== 'opening'
      this.#createFailed(slot, stopped ? 'backend' : this.judgement.classify(error), why)
      return
    }
    slot.cargo.operation = null
    if (connection === undefined || connection === null) {
      const why = new TypeError(`${this.name}: create() answered ${connection}, no connection`)
      this.#createFailed(slot, 'config', why)
      return
    }
    slot.cargo.connection = connection
    slot.cargo.about = this.custody?.about(connection) ?? slot.cargo.about
    this.machine.opened(slot, this.now())
    this.turns.expectEnd()
  }

  #createFailed(slot: Place<T>, failureClass: FailureClass, why: unknown): void {
    this.machine.openFailed(slot, failureClass, why, this.now())
    this.turns.expectEnd()
  }

  async #ask(slot: Place<T>): Promise<void> {
    const asked = await this.#operate(slot, async (connection, signal) => {
      this.#lendTo(slot, connection, 'probed')
      const answer = await this.source.probe?.(connection, { signal })
      if (answer === false) return false
      this.#takeBack(connection)
      return true
    })
    if (asked === null) return
    const { sound, failure } = asked
    const failureClass = this.#classOfEnd(slot, failure)
    this.machine.probed(slot, sound, failureClass, failure, this.now())
    this.turns.expectEnd()
    if (failure !== undefined) this.judge(failure, 'probe')
  }

  async #clean(slot: Place<T>): Promise<void> {
    const cleaned = await this.#operate(slot, async (connection, signal) => {
      if (this.custody?.flushed(connection) === false) await this.custody.flush(connection, signal)
      // What is to be closed was only waited for.
      if (this.source.reset !== undefined && slot.fate === null) {
        this.#lendTo(slot, connection, 'reset')
        await this.source.reset(connection, { signal })
      }
      this.#takeBack(connection)
      return true
    })
    if (cleaned === null) return
    const { sound, failure } = cleaned
    this.machine.resetDone(slot, sound, failure, this.now())
    this.turns.expectEnd()
    if (failure !== undefined) this.judge(failure, 'reset')
  }

  /**
   * Carries out a probe or a reset: one that throws, or leaves the connection unfit, is not sound
   * (laws 16 and 19). Answers null when it was stopped meanwhile, and counts no more.
   */
  async #operate(
    slot: Place<T>,
    act: (connection: T, signal: AbortSignal) => Promise<boolean>,
  ): Promise<{ readonly sound: boolean; readonly failure?: unknown } | null> {
    const operation = new AbortController()
    slot.cargo.operation = operation
    let sound = false
    let failure: unknown
    try {
      sound = await act(slot.cargo.connection as T, operation.signal) // An open slot has it.
    } catch (error) {
      failure = error
    }
    if (slot.cargo.operation !== operation) return null
    slot.cargo.operation = null
    return { sound, failure }
  }

  /** A probe and a reset use a connection as a borrower does. */
  #lendTo(slot: Place<T>, connection: T, what: 'probed' | 'reset'): void {
    if (this.custody === null || this.custody.lend(connection)) return
    const cause = this.custody.whyUnfit(connection)
    throw new Error(`${this.name}: connection ${slot.id} was not fit to be ${what}`, { cause })
  }

  /** Throws what is wrong with a connection that was probed or reset. */
  #takeBack(connection: T): void {
    if (this.custody === null || this.custody.park(connection)) return
    throw this.custody.whyUnfit(connection)
  }

  async #destroy(slot: Place<T>, reason: CloseReason, because: unknown): Promise<void> {
    try {
      const done = this.source.destroy(slot.cargo.connection as T, reason, because)
      if (isThenable(done)) await done
    } catch (error) {
      this.judgement.complain('destroy', error)
    }
    this.machine.closed(slot, this.now())
    this.turns.expectEnd()
  }

  /** An end is a failed dial only while the connection is not proven: nobody asks for other classes. */
  #classOfEnd(slot: Place<T>, error: unknown): FailureClass {
    if (slot.proven) return 'backend'
    return this.judgement.classify(error, slot.cargo.about.address)
  }

  #died(slot: Place<T>, error: unknown): void {
    const { state } = slot
    if (state === 'aborting' || state === 'closing' || state === 'closed') return
    const unborn = error === undefined && state === 'opening'
    const why = unborn ? new Error(`${this.name}: a connection died while it was opened`) : error
    this.machine.died(slot, this.#classOfEnd(slot, error), why, this.now(), reasonOf(error))
    this.turns.expectEnd()
    if (error !== undefined) this.judge(error, 'died')
  }

  /** Invalidates where `isFatal` says so. What a custody found says nothing of other connections. */
  judge(error: unknown, from: ErrorOrigin): void {
    if (error instanceof UnfitError) return
    if (!this.judgement.isFatal(error, from)) return
    this.staleBecause = error
    this.machine.invalidate(this.now())
    this.turns.expectEnd()
  }

  // ── Waiters ───────────────────────────────────────────────────────────────────────────────────

  // Whoever waits is a ticket of this pool's: for a lease, or for nothing but to be told.

  grant(waiter: Waiter, slot: Place<T>, waitedMs: number): void {
    const ticket = waiter as Ticket<Lease<T>>
    ticket.grant(this.loans.make(slot, waitedMs))
  }

  ready(waiter: Waiter): void {
    const ticket = waiter as Ticket<void>
    ticket.grant()
  }

  /** Carries out what somebody asks for by one of the pool's verbs. */
  asked(ticket: Ticket<never>, verb: Verb, request: () => void): void {
    this.#rejections.asked(ticket, verb, request)
    this.turns.expectEnd()
  }

  withdraw(ticket: Waiter): boolean {
    if (!this.machine.cancel(ticket, this.now())) return false
    this.turns.expectEnd()
    return true
  }

  refuse(waiter: Waiter, refusal: Refusal): void {
    this.#rejections.add(waiter as Ticket<never>, refusal)
    this.turns.expectEnd()
  }

  // ── News ──────────────────────────────────────────────────────────────────────────────────────

  connectionOpened(slot: Place<T>, tookMs: number): void {
    if (this.events.heard.open) {
      const details = { connectionId: slot.id, tookMs, ...slot.cargo.about }
      this.events.emit('open', this.now(), details)
    }
    this.#watcher?.opened(slot)
  }

  connectionClosed(slot: Place<T>, reason: CloseReason): void {
    this.#watcher?.gone(slot, reason)
    if (!this.events.heard.close) return
    const now = this.now()
    const { error, about } = slot.cargo
    const details = { connectionId: slot.id, reason, tookMs: now - slot.bornAt }
    const why = error === undefined ? {} : { error }
    this.events.emit('close', now, { ...details, ...why, ...about })
  }

  connectFailed(slot: Place<T>, _class: FailureClass, error: unknown): void {
    this.#rejections.renew()
    this.lastFailure = error ?? this.#unexplained(slot)
    if (!this.events.heard.connectFailed) return
    const id = slot.id === 0 ? {} : { connectionId: slot.id }
    const { address } = contextOf(this.lastFailure, slot.cargo.about.address)
    const where = address === undefined ? {} : { address }
    this.events.emit('connectFailed', this.now(), { error: this.lastFailure, ...id, ...where })
  }

  probeFailed(slot: Place<T>, error: unknown): void {
    if (this.events.heard.probeFailed) {
      this.events.emit('probeFailed', this.now(), { connectionId: slot.id, error })
    }
  }

  resetFailed(slot: Place<T>, error: unknown): void {
    if (this.events.heard.resetFailed) {
      this.events.emit('resetFailed', this.now(), { connectionId: slot.id, error })
    }
  }

  availability(available: boolean): void {
    const name = available ? 'available' : 'unavailable'
    if (this.events.heard[name]) {
      this.events.emit(name, this.now(), available ? {} : { error: this.lastFailure })
    }
  }

  graceOver(): void {
    this.#ending.graceOver()
  }

  drained(): void {
    this.#setAlarm()
    this.#ending.drained()
    this.events.emit('drain', this.now(), {})
  }

  /** A failed dial for which nobody gave an error. */
  #unexplained(slot: Place<T>): unknown {
    if (slot.id === 0) {
      const { createTimeoutMs } = this.machine.moves.limits
      return lateCreate(this.name, createTimeoutMs, slot.cargo.operation?.signal)
    }
    const what = `connection ${slot.id} failed before its first release (${slot.fate})`
    return new Error(`${this.name}: ${what}`)
  }
}

/** Why a connection is closed that ended by itself or was found unfit. */
function reasonOf(error: unknown): 'died' | 'dirty' {
  return error instanceof UnfitError ? error.reason : 'died'
}
