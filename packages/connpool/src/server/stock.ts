import type { Duplex } from 'node:stream'
import { Alarm } from '../pool/alarm.ts'
import type { World } from '../pool/world.ts'
import type { StockSettings } from './client-options.ts'
import { followDemand, type StockState } from './pace.ts'

/**
 * How much a client's stock holds, and when it is filled: in rounds, between which what was taken is not
 * replaced, unless somebody waits. Dials, and what follows when they fail, are the pool's own: the stock only
 * tells it how many connections to keep, as its `min`.
 */
export class Stock<S extends Duplex> {
  readonly #settings: StockSettings
  readonly #inside: World<S>
  readonly #alarm: Alarm
  #capacity: number
  #intervalMs: number
  #openedBefore = 0

  constructor(settings: StockSettings, inside: World<S>) {
    this.#settings = settings
    this.#inside = inside
    this.#capacity = settings.minCapacity
    this.#intervalMs = settings.minIntervalMs
    this.#alarm = new Alarm(inside.settings.clock, () => this.#round())
    this.#waitForRound()
  }

  get capacity(): number {
    return this.#capacity
  }

  get intervalMs(): number {
    return this.#intervalMs
  }

  get isFull(): boolean {
    const { idle, opening } = this.#inside.machine.moves.roster
    return idle.size + opening.size >= this.#capacity
  }

  /** One is about to leave: it is not replaced before the next round. */
  leaves(): void {
    this.#keep(Math.max(0, this.#inside.machine.policy.min - 1))
  }

  stop(): void {
    this.#alarm.set(Infinity, false)
  }

  #round(): void {
    const { machine } = this.#inside
    if (machine.policy.phase !== 'running') return
    const { pace, mode: _, ...bounds } = this.#settings
    const { roster, tally } = machine.moves
    const state: StockState = {
      ...bounds,
      capacity: this.#capacity,
      intervalMs: this.#intervalMs,
      idle: roster.idle.size,
      created: tally.opened - this.#openedBefore,
    }
    this.#openedBefore = tally.opened
    const asked = pace && this.#inside.judgement.call('pace', () => pace(state))
    const { capacity, intervalMs } = asked ?? followDemand(state)
    this.#capacity = bounded(Math.round(capacity), bounds.minCapacity, bounds.maxCapacity)
    this.#intervalMs = bounded(intervalMs, bounds.minIntervalMs, bounds.maxIntervalMs)
    this.#keep(this.#capacity)
    this.#waitForRound()
  }

  #keep(min: number): void {
    const { machine, turns } = this.#inside
    machine.resize(min, machine.policy.max, this.#inside.now())
    turns.expectEnd()
  }

  #waitForRound(): void {
    this.#alarm.set(this.#inside.now() + this.#intervalMs, false)
  }
}

/** What is no number is taken for the least. */
function bounded(value: number, least: number, most: number): number {
  return value >= least ? Math.min(value, most) : least
}
