import assert from 'node:assert/strict'
import type { Limits } from '../../../src/core/limits.ts'
import { PoolMachine } from '../../../src/core/machine.ts'
import { CommandLaws } from './command-laws.ts'
import type { Connection } from './connection.ts'
import { figuresOf } from './figures.ts'
import { limitsOf } from './limits-of.ts'
import { type Hinterland, Port, type Subject } from './port.ts'
import { holdState } from './state-laws.ts'
import type { Ticket } from './ticket.ts'
import { Truth } from './truth.ts'

/** A machine, the truth about it, and the laws to which it is held by that truth after every event. */
export class Stage implements Hinterland {
  readonly truth: Truth
  readonly machine: PoolMachine<Connection>
  readonly log: string[] = []
  trying = false
  /** Answers or meddles at once, inside an effect. */
  react: (effect: string, subject: Subject | null) => void = nothing

  /** Keeps count of what is under way, also while nothing is judged. */
  protected readonly judge: CommandLaws
  #judges = true
  #depth = 0

  constructor(options: Partial<Limits> = {}, random: () => number = zero) {
    this.truth = new Truth(limitsOf(options))
    this.judge = new CommandLaws(this.truth)
    const port = new Port(this.truth, this)
    this.machine = new PoolMachine<Connection>(this.truth.limits, port, random)
  }

  get laws(): CommandLaws | null {
    return this.#judges ? this.judge : null
  }

  // ── The truth ─────────────────────────────────────────────────────────────────────────────────

  get limits(): Limits {
    return this.truth.limits
  }

  get now(): number {
    return this.truth.now
  }

  /** Time passes, and the alarm is late. */
  set now(now: number) {
    this.truth.now = now
  }

  get connections(): readonly Connection[] {
    return this.truth.connections
  }

  get tickets(): readonly Ticket[] {
    return this.truth.tickets
  }

  get waiting(): Ticket[] {
    return this.truth.waiting
  }

  get held(): Ticket[] {
    return this.truth.held
  }

  /** Dials that are wanted. */
  get dialling(): Connection[] {
    return this.running.filter((c) => this.truth.isWanted(c))
  }

  /** Dials without an answer, also those that were told to stop. */
  get running(): Connection[] {
    return this.connections.filter((c) => c.dial === 'running')
  }

  get serving(): Connection[] {
    return this.connections.filter((c) => c.serving)
  }

  get idle(): Connection[] {
    return this.connections.filter((c) => c.idle)
  }

  asked(what: 'probe' | 'reset'): Connection[] {
    return this.connections.filter((c) => c.asked === what)
  }

  get destroying(): Connection[] {
    return this.connections.filter((c) => c.closing)
  }

  get open(): number {
    return this.truth.census().open
  }

  /** Places that are not free. */
  get taken(): number {
    const { open, dialling, aborted } = this.truth.census()
    return open + dialling + aborted
  }

  // ── Judgement ─────────────────────────────────────────────────────────────────────────────────

  /** Whether events are judged and logged; otherwise they only happen, which is faster. */
  set judging(judges: boolean) {
    this.#judges = judges
  }

  /** An event: once all of it is done, the laws must hold. */
  event<R>(act: () => R): R {
    const laws = this.judge
    const { returning, asking } = laws
    laws.nested = this.#depth > 0
    if (this.#depth++ === 0) laws.begin()
    this.laws?.peak()
    const answer = act()
    laws.returning = returning
    laws.asking = asking
    if (--this.#depth === 0 && this.#judges) holdState(this.truth, this.machine)
    return answer
  }

  /** An event that must change nothing. */
  quiet(what: string, act: () => void): void {
    const [before, lines] = [figuresOf(this.machine, this.now), this.log.length]
    act()
    if (this.log.length > lines) {
      assert.deepEqual(this.log.slice(lines), [], `${what}: nothing was to happen`)
    }
    const after = figuresOf(this.machine, this.now)
    const changed = after.some((figure, index) => figure !== before[index])
    if (changed) assert.deepEqual(after, before, `${what}: nothing was to change`)
  }

  /** After close, and after every answer: nothing is left, and no alarm either. */
  finished(): void {
    assert.equal(this.truth.drains, 1, 'law 18: it is not drained')
    assert.equal(this.taken, 0, 'law 18')
    assert.equal(this.machine.nextDue(), Infinity, 'law 18: no timer')
    assert.equal(this.machine.awaited, false, 'law 18: the process is held')
    for (const { state, serial } of this.tickets) {
      assert.notEqual(state, 'waiting', `law 8: ticket ${serial}`)
    }
  }
}

function nothing(): void {}

function zero(): number {
  return 0
}
