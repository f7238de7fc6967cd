import { FakeConnection } from './connection.ts'
import type { Supply } from './contestant.ts'

/** What a row has happen instead of what should. */
export interface Trouble {
  /** Called for each dial, the first is 1. The connection opens when it is done, and does not when it throws. */
  readonly dial?: (nth: number) => Promise<void> | void
  readonly probe?: (connection: FakeConnection) => Promise<boolean>
  readonly reset?: (connection: FakeConnection) => Promise<void>
  /** Called before a connection is closed, which waits for it. */
  readonly close?: (connection: FakeConnection) => Promise<void>
}

/** A server that is not there, as its connections see it. It counts what every server has to bear. */
export class Backend implements Supply<FakeConnection> {
  readonly probe: Supply<FakeConnection>['probe']
  readonly reset: Supply<FakeConnection>['reset']
  /** Most dials that ran at a time. */
  mostDials = 0
  /** Most connections that were open at a time, those being closed included. */
  mostOpen = 0
  readonly #trouble: Trouble
  readonly #open = new Set<FakeConnection>()
  #dials = 0
  #dialling = 0

  constructor(trouble: Trouble = {}) {
    this.#trouble = trouble
    this.probe = trouble.probe
    this.reset = trouble.reset
  }

  /** Those that are open, oldest first. */
  get open(): FakeConnection[] {
    return [...this.#open]
  }

  async create(): Promise<FakeConnection> {
    this.#dials += 1
    const nth = this.#dials
    this.#dialling += 1
    this.mostDials = Math.max(this.mostDials, this.#dialling)
    try {
      await this.#trouble.dial?.(nth)
    } finally {
      this.#dialling -= 1
    }
    const connection = new FakeConnection(nth)
    this.#open.add(connection)
    this.mostOpen = Math.max(this.mostOpen, this.#open.size)
    connection.once('close', () => this.#open.delete(connection))
    return connection
  }

  async close(connection: FakeConnection): Promise<void> {
    if (connection.destroyed) return
    await this.#trouble.close?.(connection)
    connection.destroy()
  }
}
