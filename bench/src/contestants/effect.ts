import * as Effect from 'effect/Effect'
import * as Exit from 'effect/Exit'
import * as Pool from 'effect/Pool'
import * as Scope from 'effect/Scope'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'

/** A connection, and the scope whose end gives it back. */
interface Held {
  readonly connection: Connection
  readonly scope: Scope.Closeable
}

/**
 * The Pool of effect, as a program meets it that is not itself written in effects: a scope a lease, `runPromise` to enter it,
 * `runFork` to close it. Within one long effect there would be no promise to pay for.
 */
export class EffectContestant implements Contestant<Held> {
  readonly #scope = Scope.makeUnsafe()
  readonly #pool: Pool.Pool<Connection>
  readonly #get: Effect.Effect<Connection, never, Scope.Scope>

  constructor(setup: Setup) {
    const pool = Pool.makeWithTTL({
      acquire: Effect.sync(setup.create),
      min: 0,
      max: setup.max,
      timeToLive: 30_000,
    })
    this.#pool = Effect.runSync(Scope.provide(pool, this.#scope))
    this.#get = Pool.get(this.#pool)
  }

  take(): Promise<Held> {
    const scope = Scope.makeUnsafe()
    const held = Effect.map(this.#get, (connection) => ({ connection, scope }))
    return Effect.runPromise(Scope.provide(held, scope))
  }

  giveBack(held: Held): void {
    Effect.runFork(Scope.close(held.scope, Exit.void))
  }

  connectionOf(held: Held): Connection {
    return held.connection
  }

  use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    return Effect.runPromise(Pool.use(this.#pool, (held) => Effect.promise(() => fn(held))))
  }

  async close(): Promise<void> {
    await Effect.runPromise(Scope.close(this.#scope, Exit.void))
  }
}
