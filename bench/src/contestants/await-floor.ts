import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'

/** The least that an `await` costs: one promise, resolved long ago. It lends nothing, so the census passes it over. */
export class AwaitFloor implements Contestant<Connection> {
  readonly #connection: Connection
  readonly #resolved: Promise<Connection>

  constructor(setup: Setup) {
    this.#connection = setup.create()
    this.#resolved = Promise.resolve(this.#connection)
  }

  take(): Promise<Connection> {
    return this.#resolved
  }

  giveBack(): void {}

  connectionOf(held: Connection): Connection {
    return held
  }

  use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    return fn(this.#connection)
  }

  async close(): Promise<void> {}
}
