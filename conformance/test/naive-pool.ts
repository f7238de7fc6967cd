import type { Connection } from '../src/connection.ts'
import type { Contestant, Entrant, Lease, Limits, Supply } from '../src/contestant.ts'

/** The pool that one writes in an afternoon. */
class NaivePool<C extends Connection> implements Contestant<C> {
  readonly #idle: C[] = []
  readonly #waiting: { serve(lease: Lease<C>): void; refuse(error: unknown): void }[] = []
  readonly #supply: Supply<C>
  readonly #max: number
  #size = 0
  #closed = false

  constructor(supply: Supply<C>, { max }: Limits) {
    this.#supply = supply
    this.#max = max
  }

  acquire(): Promise<Lease<C>> {
    return new Promise((serve, refuse) => {
      this.#waiting.push({ serve, refuse })
      this.#pulse()
    })
  }

  acquireThen(serve: (lease: Lease<C>) => void): void {
    this.#waiting.push({ serve, refuse: () => {} })
    this.#pulse()
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const connection of this.#idle.splice(0)) await this.#supply.close(connection)
  }

  #pulse(): void {
    if (this.#closed) return
    const connection = this.#waiting.length > 0 ? this.#idle.pop() : undefined
    if (connection !== undefined) this.#waiting.shift()?.serve(this.#lend(connection))
    else if (this.#waiting.length > 0 && this.#size < this.#max) void this.#dial()
  }

  async #dial(): Promise<void> {
    this.#size += 1
    try {
      this.#idle.push(await this.#supply.create())
    } catch (error) {
      this.#size -= 1
      this.#waiting.shift()?.refuse(error)
    }
    this.#pulse()
  }

  #lend(connection: C): Lease<C> {
    return {
      connection,
      release: () => {
        this.#idle.push(connection)
        this.#pulse()
      },
      destroy: () => {
        this.#size -= 1
        void this.#supply.close(connection).then(() => this.#pulse())
      },
    }
  }
}

export const naive: Entrant = {
  name: 'naive',
  lacks: ['queue limit'],
  duty: '',
  open: async (supply, limits) => new NaivePool(supply, limits),
}

export const roster: readonly Entrant[] = [naive]
