import type { Backoff, FailureClass } from '../../../src/core/backoff.ts'
import type { Limits } from '../../../src/core/limits.ts'
import { Tally } from '../../../src/core/tally.ts'
import type { Refusal } from '../../../src/core/waiter.ts'
import { Connection } from './connection.ts'
import { type Ask, Ticket } from './ticket.ts'
import { ALWAYS, type Range, Trouble } from './trouble.ts'

/** A connection that lived this long was no failed dial, in ms. */
export const PROBATION_MS = 1_000
/** A wait after which `adaptive-lifo` serves the newest first, in ms. */
export const CONGESTED_MS = 50

/** How many there are of each kind. */
export interface Census {
  /** Dials that are wanted. */
  dialling: number
  /** Dials that are not, and hold a place until they end. */
  aborted: number
  open: number
  serving: number
  idle: number
  lent: number
  probing: number
  resetting: number
  closing: number
  /** Serving, and nothing has made it due, surplus or stale. */
  sound: number
  /** Sound ones that nobody holds. */
  supply: number
  soundLent: number
  /** Leases to spare on those. */
  seats: number
  /** Idle ones that are to go as soon as they are replaced. */
  aged: number
}

/**
 * What is so: who holds what, what died, who waits since when. It is made of what people and
 * connections did, and of what the machine told through its port; never of what the machine believes.
 * What is the machine's to choose is read from it: when a drawn lifetime or delay ends, and which of
 * the shared connections that a resize made too many goes.
 */
export class Truth {
  readonly limits: Limits
  readonly connections: Connection[] = []
  readonly tickets: Ticket[] = []
  readonly trouble: Trouble
  /** What the figures have to say. */
  readonly tally: Tally = new Tally()
  now = 0
  generation = 0
  min: number
  max: number
  paused = false
  closing = false
  /** When the grace of the close that is under way ends. */
  closeBy = Infinity
  available = true
  drains = 0
  /** Number of the turn for those who come now. */
  turn = 0
  /** It was asked for. */
  turnOpen = false
  /** Turns with lower numbers have polled the sockets. */
  polled = 0
  inTurn = false
  polledAt = -Infinity
  /** Failed probes in a row. */
  failedProbes = 0
  /** Grants in a row that passed over the oldest waiter. */
  passes = 0
  /** Alarms that ring, one within the other. */
  #rings = 0
  /** Connections that have lived for long enough when the alarm rings. */
  readonly #proved: Connection[] = []
  #tie = false
  /** Within a `tryAcquire`: the connection that was found fit, and is told of once all is over. */
  lending: Connection | null = null

  constructor(limits: Limits) {
    this.limits = limits
    this.min = limits.min
    this.max = limits.max
    this.trouble = new Trouble(limits.backoff)
  }

  // ── People ────────────────────────────────────────────────────────────────────────────────────

  get waiting(): Ticket[] {
    return this.tickets.filter(({ state, purpose }) => state === 'waiting' && purpose === 'lease')
  }

  /** Those who wait for one connection in particular. */
  get claiming(): Ticket[] {
    return this.tickets.filter(({ state, purpose }) => state === 'waiting' && purpose === 'named')
  }

  /** Those who wait for `min` to stand. */
  get unready(): Ticket[] {
    return this.tickets.filter(({ state, purpose }) => state === 'waiting' && purpose === 'ready')
  }

  /** Those for whom a connection is owed. */
  get demand(): number {
    let demand = 0
    for (const { state, purpose, turnOnly } of this.tickets) {
      if (state === 'waiting' && purpose === 'lease' && !turnOnly) demand++
    }
    return demand
  }

  get held(): Ticket[] {
    return this.tickets.filter(({ state, ended }) => state === 'granted' && !ended)
  }

  ticket(purpose: Ticket['purpose'], ask: Ask): Ticket {
    const ticket = new Ticket(this.tickets.length + 1, purpose, ask)
    ticket.turn = this.inTurn ? -1 : this.turn
    this.tickets.push(ticket)
    return ticket
  }

  // ── Turns ─────────────────────────────────────────────────────────────────────────────────────

  /** Turns that were asked for and joined by all who could. */
  get sealedTurns(): number {
    return this.turn - this.polled
  }

  get turnAsked(): boolean {
    return this.turnOpen || this.sealedTurns > 0
  }

  /** Somebody came in this turn of the loop of whom it matters since when he waits. */
  get arrived(): boolean {
    return this.tickets.some((ticket) => ticket.state === 'waiting' && this.isNew(ticket))
  }

  /** Came in this turn of the loop; of those for whom the end of the turn makes a difference. */
  isNew({ since, timeoutMs }: Ticket): boolean {
    const isTimed = timeoutMs < Infinity || this.limits.queueOrder === 'adaptive-lifo'
    return isTimed && since === null
  }

  /**
   * A turn of the loop ends: who comes from now on may come out of a callback after the next poll.
   * Those who came in it wait from now on.
   */
  endTurn(): void {
    for (const ticket of this.tickets) ticket.since ??= this.now
    if (this.turnOpen) this.turn++
    this.turnOpen = false
  }

  /** The sockets were polled, for the first turn that was asked for. */
  poll(): void {
    if (this.sealedTurns > 0) this.polled++
    this.inTurn = true
    this.polledAt = this.now
  }

  // ── Connections ───────────────────────────────────────────────────────────────────────────────

  connection(): Connection {
    const connection = new Connection(this.connections.length + 1, this.generation)
    this.connections.push(connection)
    return connection
  }

  /** A dial that is wanted. One that took too long is not, once the alarm rings. */
  isWanted({ dial, abortedAt, unwanted, begunAt }: Connection): boolean {
    const late = this.ringing && this.now - begunAt >= this.limits.createTimeoutMs
    return dial === 'running' && abortedAt === null && !unwanted && !late
  }

  /** Past its lifetime. It is so once the alarm rings, and not before. */
  isAged({ aged, slot }: Connection): boolean {
    return aged || (this.ringing && slot.retirement.dueAt <= this.now)
  }

  /** Serving, but not for long: it fills no need (law 7). */
  isDoomed(connection: Connection): boolean {
    const { broken, ending, uses, generation, slot } = connection
    const lendings = connection === this.lending ? uses + 1 : uses
    const isLate = connection.unwanted || connection.abortedAt !== null
    return (
      broken ||
      ending ||
      isLate ||
      lendings >= this.limits.maxUses ||
      generation !== this.generation ||
      this.isAged(connection) ||
      slot.fate === 'resized'
    )
  }

  census(): Census {
    const { maxLeases } = this.limits
    let [dialling, aborted, open, serving, idle, lent, probing] = [0, 0, 0, 0, 0, 0, 0]
    let [resetting, closing, sound, supply, soundLent, seats, aged] = [0, 0, 0, 0, 0, 0, 0]
    for (const c of this.connections) {
      if (c.dial === 'running') {
        if (this.isWanted(c)) dialling++
        else if (!c.givenUp) aborted++
      }
      if (c.dial !== 'opened' || c.gone) continue
      open++
      if (c.destroyed !== null) {
        closing++
        continue
      }
      serving++
      const isDoomed = this.isDoomed(c)
      if (!isDoomed) sound++
      if (c.holders > 0) {
        lent++
        if (isDoomed) continue
        soundLent++
        seats += maxLeases - c.holders
      } else {
        if (!isDoomed && c !== this.lending) supply++
        if (c.asked === 'probe') probing++
        else if (c.asked === 'reset') resetting++
        else {
          idle++
          if (this.isAged(c)) aged++
        }
      }
    }
    return {
      dialling,
      aborted,
      open,
      serving,
      idle,
      lent,
      probing,
      resetting,
      closing,
      sound,
      supply,
      soundLent,
      seats,
      aged,
    }
  }

  /** The need of law 7; what is due, surplus or stale only takes room. */
  need({ supply, sound }: Census): number {
    const { minIdle, maxLeases } = this.limits
    const shortage = Math.ceil(this.demand / maxLeases) + minIdle - supply
    return Math.max(shortage, this.min - sound)
  }

  get maxIdle(): number {
    return Math.min(this.limits.maxIdle ?? this.max, this.max)
  }

  /** When its idle spell is over. */
  spellEnd({ parkedAt, idleForMs }: Connection): number {
    return parkedAt === null ? Infinity : parkedAt + Math.min(idleForMs, this.limits.idleTimeoutMs)
  }

  /** The first clean release: the dial was a success. */
  prove(connection: Connection): void {
    if (connection.proven) return
    connection.proven = true
    this.trouble.succeed()
  }

  refuse(ticket: Ticket, refusal: Refusal): void {
    ticket.state = 'refused'
    ticket.refusal = refusal
    if (ticket.purpose === 'ready') return
    if (refusal === 'timeout') this.tally.timeouts++
    else if (refusal === 'config') this.tally.failed++
    else this.tally.refused++
  }

  /**
   * A dial failed, or its connection came to an early end. If a delay begins it ends at `until`, as
   * drawn. Answers between which times it may.
   */
  blame(connection: Connection, failureClass: FailureClass, until: number): Range {
    const { trouble } = this
    connection.blamed = true
    this.tally.connectFailures[failureClass]++
    const begins = trouble.fail(connection, failureClass)
    const range = begins ? trouble.range(this.now) : ALWAYS
    if (begins) trouble.until = until
    if (this.#proved.length === 0) return range
    this.#tie = true
    trouble.succeed()
    return ALWAYS
  }

  /** Whether its end, were it to come now, would count as a failed dial. */
  isEarly({ proven, bornAt }: Connection): boolean {
    return !proven && this.now - bornAt < PROBATION_MS
  }

  /** Somebody is served who waited: whether the oldest was passed over. */
  serve(ticket: Ticket): void {
    if (ticket.purpose !== 'lease') return
    const oldest = this.tickets.find(
      ({ state, purpose }) => state === 'waiting' && purpose === 'lease',
    )
    this.passes = oldest === ticket ? 0 : this.passes + 1
  }

  lend(ticket: Ticket, connection: Connection): void {
    if (connection.uses === 0) this.tally.misses++
    else this.tally.hits++
    ticket.state = 'granted'
    ticket.connection = connection
    connection.holders++
    connection.uses++
    connection.parkedAt = null
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────

  /** The alarm rings: what is due by now is due, told or not. */
  get ringing(): boolean {
    return this.#rings > 0
  }

  ring(): void {
    this.#rings++
    for (const c of this.connections) {
      const { dial, abortedAt } = c
      if (dial === 'running' && abortedAt !== null) {
        c.givenUp ||= this.now - abortedAt >= this.limits.destroyTimeoutMs
      }
      if (!c.serving || c.proven || this.now - c.bornAt < PROBATION_MS) continue
      this.#proved.push(c)
      this.prove(c)
    }
  }

  /** Something fails or closes while the alarm proves it: which comes first is left to the machine. */
  get tied(): boolean {
    return this.#tie || this.#proved.some((c) => !c.serving)
  }

  /** It has rung. */
  rung(backoff: Backoff): void {
    for (const c of this.connections) if (c.serving && this.isAged(c)) c.aged = true
    if (this.tied) this.trouble.adopt(backoff)
    if (--this.#rings > 0) return
    this.#proved.length = 0
    this.#tie = false
  }
}
