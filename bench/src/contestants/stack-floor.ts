import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'
import { Fault } from '../fault.ts'

/** The least that can lend without waiting: an array, pushed and popped. */
export class StackFloor implements Contestant<Connection> {
  readonly #idle: Connection[] = []

  constructor(setup: Setup) {
    for (let i = 0; i < setup.max; i += 1) this.#idle.push(setup.create())
  }

  tryTake(): Connection | null {
    return this.#idle.pop() ?? null
  }

  async take(): Promise<Connection> {
    const connection = this.#idle.pop()
    if (connection === undefined) throw new Fault('a bare stack cannot wait')
    return connection
  }

  giveBack(held: Connection): void {
    this.#idle.push(held)
  }

  connectionOf(held: Connection): Connection {
    return held
  }

  async use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    const connection = this.#idle.pop()
    if (connection === undefined) throw new Fault('a bare stack cannot wait')
    try {
      await fn(connection)
    } finally {
      this.#idle.push(connection)
    }
  }

  async close(): Promise<void> {}
}
