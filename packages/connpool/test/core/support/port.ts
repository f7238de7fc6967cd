import assert from 'node:assert/strict'
import type { FailureClass } from '../../../src/core/backoff.ts'
import type { Diagnosis, Effects } from '../../../src/core/effects.ts'
import type { PoolMachine } from '../../../src/core/machine.ts'
import type { CloseReason, Slot } from '../../../src/core/slot.ts'
import type { Refusal, Waiter } from '../../../src/core/waiter.ts'
import type { CommandLaws } from './command-laws.ts'
import { type Connection, diagnosisOf } from './connection.ts'
import { type Ticket, ticketOf } from './ticket.ts'
import type { Truth } from './truth.ts'

type Place = Slot<Connection>
export type Subject = Connection | Ticket

/** What the port needs of the world behind it. */
export interface Hinterland {
  readonly machine: PoolMachine<Connection>
  /** null: nothing is judged, nor logged. */
  readonly laws: CommandLaws | null
  /** What the machine commanded and told, a line each. */
  readonly log: string[]
  /** In the middle of a `tryAcquire`. */
  readonly trying: boolean
  react(effect: string, subject: Subject | null): void
}

/** The machine's commands: each is judged, becomes true, and is told to whoever may call back. */
export class Port implements Effects<Connection> {
  readonly #truth: Truth
  readonly #world: Hinterland

  constructor(truth: Truth, world: Hinterland) {
    this.#truth = truth
    this.#world = world
  }

  cargo(): Connection {
    return this.#truth.connection()
  }

  open(slot: Place): void {
    const connection = slot.cargo
    connection.slot = slot
    connection.dial = 'running'
    connection.begunAt = this.#truth.now
    connection.step = this.#truth.trouble.steps
    this.#world.laws?.dialled()
    this.#tell('open', connection)
  }

  abort({ cargo }: Place): void {
    cargo.abortedAt ??= this.#truth.now
    this.#tell('abort', cargo)
  }

  probe({ cargo }: Place): void {
    const { ringing, now, limits, tally } = this.#truth
    const isDue = cargo.parkedAt !== null && now - cargo.checkedAt >= limits.probeEveryMs
    // An aged one is kept up no more: it is probed for somebody.
    cargo.upkeep = ringing && isDue && !this.#truth.isAged(cargo)
    this.#world.laws?.asked(cargo)
    cargo.asked = 'probe'
    cargo.askedAt = now
    tally.probes++
    this.#tell('probe', cargo)
  }

  reset({ cargo }: Place): void {
    assert.ok(cargo.idle, 'only one that nobody holds is reset')
    cargo.asked = 'reset'
    cargo.askedAt = this.#truth.now
    this.#truth.tally.resets++
    this.#tell('reset', cargo)
  }

  destroy({ cargo }: Place, reason: CloseReason): void {
    this.#world.laws?.destroyed(cargo, reason)
    cargo.destroyed = reason
    cargo.destroyedAt = this.#truth.now
    cargo.asked = null
    this.#tell('destroy', cargo, reason)
  }

  fit({ cargo }: Place): boolean {
    if (this.#world.trying && cargo.fit) this.#truth.lending = cargo
    return cargo.fit
  }

  diagnosis({ cargo }: Place): Diagnosis {
    return diagnosisOf(cargo)
  }

  turn(): void {
    assert.ok(!this.#truth.turnOpen, 'a turn is asked for once')
    this.#truth.turnOpen = true
    this.#note('turn')
  }

  parked({ cargo }: Place): void {
    assert.ok(cargo.idle, 'only an idle one is parked')
    cargo.parkedAt ??= this.#truth.now
    cargo.checkedAt = this.#truth.now
    this.#note('parked', cargo)
  }

  recall({ cargo }: Place): void {
    this.#tell('recall', cargo)
  }

  grant(waiter: Waiter, { cargo }: Place, waitedMs: number): void {
    const ticket = ticketOf(waiter)
    const isNamed = ticket.purpose === 'named'
    // Whoever wants one in particular is served once the world has polled, and ahead of the others.
    if (!isNamed) this.#world.laws?.fair(ticket)
    this.#world.laws?.granted(ticket, cargo, waitedMs, isNamed)
    // What follows from a tryAcquire may find one fit for a waiter.
    if (this.#truth.lending === cargo) this.#truth.lending = null
    ticket.waitedMs = waitedMs
    this.#truth.serve(ticket)
    this.#truth.lend(ticket, cargo)
    this.#tell('grant', ticket, cargo.serial)
  }

  refuse(waiter: Waiter, refusal: Refusal): void {
    const ticket = ticketOf(waiter)
    this.#world.laws?.refused(ticket, refusal)
    this.#truth.refuse(ticket, refusal)
    this.#tell('refuse', ticket, refusal)
  }

  ready(waiter: Waiter): void {
    const ticket = ticketOf(waiter)
    this.#world.laws?.ready(ticket)
    ticket.state = 'ready'
    this.#tell('ready', ticket)
  }

  connectionOpened({ cargo, retirement }: Place): void {
    cargo.checkedAt = this.#truth.now
    cargo.retiresAt = retirement.dueAt
    this.#truth.tally.opened++
    this.#tell('opened', cargo)
  }

  connectionClosed({ cargo }: Place, reason: CloseReason): void {
    this.#world.laws?.closed(cargo, reason)
    cargo.gone = true
    this.#truth.tally.closed[reason]++
    this.#tell('closed', cargo, reason)
  }

  connectFailed({ cargo }: Place, failureClass: FailureClass): void {
    const { until } = this.#world.machine.moves.backoff
    this.#world.laws?.failed(cargo)
    const range = this.#truth.blame(cargo, failureClass, until)
    this.#world.laws?.delayed(until, range)
    this.#tell('connectFailed', cargo, failureClass)
  }

  probeFailed({ cargo }: Place): void {
    cargo.asked = null
    cargo.failed = true
    this.#truth.failedProbes++
    this.#truth.tally.probeFailures++
    this.#tell('probeFailed', cargo)
  }

  resetFailed({ cargo }: Place): void {
    cargo.asked = null
    cargo.failed = true
    this.#truth.tally.resetFailures++
    this.#tell('resetFailed', cargo)
  }

  availability(available: boolean): void {
    assert.notEqual(available, this.#truth.available, 'told twice')
    this.#truth.available = available
    this.#tell(available ? 'available' : 'unavailable', null)
  }

  graceOver(): void {
    this.#truth.tally.closeTimeouts++
    this.#tell('graceOver', null)
  }

  drained(): void {
    this.#truth.drains++
    this.#world.laws?.drained()
    this.#tell('drained', null)
  }

  #tell(effect: string, subject: Subject | null, detail: string | number = ''): void {
    this.#note(effect, subject, detail)
    this.#world.laws?.peak()
    this.#world.react(effect, subject)
  }

  #note(effect: string, subject: Subject | null = null, detail: string | number = ''): void {
    const { laws, log } = this.#world
    if (laws === null) return
    const whom = subject === null ? effect : `${effect} ${subject.serial}`
    log.push(detail === '' ? whom : `${whom} ${detail}`)
  }
}
