import type { Connection } from './connection.ts'
import type { Setup } from './contestant.ts'

/** What the census takes connections for that are not its own: for each that it sees it makes one. */
export class Marks<Held extends object> {
  readonly #create: Setup['create']
  readonly #connections = new WeakMap<Held, Connection>()

  constructor(create: Setup['create']) {
    this.#create = create
  }

  of(held: Held): Connection {
    const known = this.#connections.get(held)
    if (known !== undefined) return known
    const connection = this.#create()
    this.#connections.set(held, connection)
    return connection
  }
}
