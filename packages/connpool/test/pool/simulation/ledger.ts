import type { PoolEvent } from '../../../src/pool/events.ts'
import type { PoolStats } from '../../../src/pool/stats.ts'
import { EVENT_NAMES } from '../support/event-names.ts'
import type { World } from './world.ts'

type Name = (typeof EVENT_NAMES)[number]

/** Listens to everything, and holds what was told against the figures. */
export class Ledger {
  readonly #world: World
  readonly #heard = new Map<Name, number>()
  /** As told to those who listen once. */
  readonly #once = new Map<Name, number>()
  /** The connections that were told to be open. */
  readonly #open = new Set<number>()
  #available = true

  constructor(world: World) {
    this.#world = world
    for (const name of EVENT_NAMES) {
      const deaf = () => world.verdict.insist(false, 'events', `'${name}' is told to who left`)
      world.pool.on(name, deaf)
      world.pool.on(name, (event) => this.#hear(name, event))
      world.pool.once(name, () => this.#once.set(name, (this.#once.get(name) ?? 0) + 1))
      world.pool.off(name, deaf)
    }
  }

  heard(name: Name): number {
    return this.#heard.get(name) ?? 0
  }

  /** Every event was told once. */
  compare(stats: PoolStats): void {
    const { verdict, counts } = this.#world
    const sum = (figures: Readonly<Record<string, number>>) =>
      Object.values(figures).reduce((total, figure) => total + figure, 0)
    const pairs: readonly (readonly [Name, number])[] = [
      ['open', stats.opened],
      ['close', sum(stats.closed)],
      ['acquire', stats.hits + stats.misses],
      ['release', counts.endings],
      ['refuse', stats.timeouts + stats.refused + stats.failed],
      ['connectFailed', sum(stats.connectFailures)],
      ['probeFailed', stats.probeFailures],
      ['resetFailed', stats.resetFailures],
    ]
    for (const [name, count] of pairs) {
      verdict.equal(this.heard(name), count, 'events', `events '${name}'`)
      const once = this.#once.get(name) ?? 0
      verdict.equal(once, Math.min(count, 1), 'events', `'${name}', told once,`)
    }
    verdict.equal(this.#open.size, stats.open, 'events', 'told to be open')
    verdict.equal(this.#available, !stats.unavailable, 'events', 'told to be available')
  }

  #hear(name: Name, event: PoolEvent): void {
    const { verdict, loop, pool } = this.#world
    this.#heard.set(name, this.heard(name) + 1)
    const well = Object.isFrozen(event) && event.pool === pool.name && event.at <= loop.now()
    verdict.insist(well, 'events', `'${name}' is not frozen, or not of this pool and time`)
    const id = event.connectionId ?? 0
    if (name === 'open') {
      verdict.insist(id > 0 && !this.#open.has(id), 'events', `${id} opens twice`)
      this.#open.add(id)
    }
    if (name === 'close') {
      verdict.insist(this.#open.delete(id), 'events', `${id} closes, and was not open`)
      verdict.insist(event.reason !== undefined, 'events', 'closed for no reason')
    }
    // A `ref` that calls back may have closed it.
    const there = this.#open.has(id) || this.#world.reacted
    if (name === 'acquire') verdict.insist(there, 'law 14', `${id} is lent, and gone`)
    if (name === 'available' || name === 'unavailable') {
      verdict.insist(this.#available !== (name === 'available'), 'events', `${name} twice`)
      this.#available = name === 'available'
    }
    if (name === 'refuse')
      verdict.insist(event.error instanceof Error, 'events', 'refused for none')
    this.#world.meddle()
    if (this.#world.throws()) throw new Error('a listener threw')
  }
}
