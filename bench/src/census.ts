import type { Connection } from './connection.ts'
import type { Contestant, Setup } from './contestant.ts'
import { Fault } from './fault.ts'
import { within } from './patience.ts'

/** What a census asks of a contestant. */
export interface CensusTerms {
  /** Connections it has. */
  readonly max: number
  /** Borrowers at a time; beyond `max` they queue. */
  readonly borrowers: number
  /** A connection that does not come for so long is lost, in ms. */
  readonly patienceMs: number
}

/**
 * Counts what a contestant lends, before a work and after it: `max` different connections at a time and never one more, each
 * with one borrower, all of them back in the end. One lent twice or lost makes the trial fail instead of fast.
 */
export class Census {
  readonly #make: (id: number) => Connection
  readonly #max: number
  readonly #borrowers: number
  readonly #patienceMs: number
  #created = 0

  constructor(make: (id: number) => Connection, terms: CensusTerms) {
    this.#make = make
    this.#max = terms.max
    this.#borrowers = terms.borrowers
    this.#patienceMs = terms.patienceMs
  }

  /** The `create` that the contestant is to be opened with. */
  get create(): Setup['create'] {
    return () => {
      this.#created += 1
      return this.#make(this.#created)
    }
  }

  /** Throws a Fault unless the contestant lends as a pool must. */
  async count<Held>(contestant: Contestant<Held>): Promise<void> {
    await this.#crowd(contestant)
    await this.#takeAll(contestant)
    if (this.#created > this.#max) {
      throw new Fault(`opened ${this.#created} connections although ${this.#max} suffice`)
    }
  }

  /** More borrowers than connections, each holding one for a few turns of the microtask queue. */
  async #crowd<Held>(contestant: Contestant<Held>): Promise<void> {
    let served = 0
    const borrow = async (): Promise<void> => {
      const held = await contestant.take()
      const connection = contestant.connectionOf(held)
      if (connection.lent) throw new Fault(`lent connection ${connection.id} to two borrowers`)
      connection.lent = true
      for (let turn = 0; turn < 5; turn += 1) await undefined
      connection.lent = false
      served += 1
      contestant.giveBack(held)
    }
    const borrowers = Array.from({ length: this.#borrowers }, borrow)
    await this.#inTime(Promise.all(borrowers), () => {
      return `served ${served} of ${borrowers.length} borrowers`
    })
  }

  async #takeAll<Held>(contestant: Contestant<Held>): Promise<void> {
    const held: Held[] = []
    while (held.length < this.#max) {
      const taking = contestant.take()
      held.push(await this.#inTime(taking, () => `lent ${held.length} of ${this.#max} connections`))
    }
    const different = new Set(held.map((one) => contestant.connectionOf(one))).size
    if (different < this.#max)
      throw new Fault(`lent ${different} connections to ${this.#max} borrowers`)
    if (contestant.tryTake !== undefined && contestant.tryTake() !== null) {
      throw new Fault(`lent more than its ${this.#max} connections`)
    }
    for (const one of held) contestant.giveBack(one)
  }

  async #inTime<T>(promise: Promise<T>, progress: () => string): Promise<T> {
    const ms = this.#patienceMs
    return await within(ms, promise, () => `${progress()} within ${ms} ms: one is lost`)
  }
}
