import type { Timings } from './events.ts'

/** What is known of a connection besides itself. */
export interface About {
  /** What both ends of a two-ended pool know it by. */
  readonly name?: string
  readonly address?: string
  readonly timings?: Timings
}

/** One of the leases that share a connection. */
export interface Holding {
  /** When the lease was made. */
  readonly since: number
}

const NOTHING: About = Object.freeze({})

/** What the shell keeps with a place in the pool: the connection, and what is under way with it. */
export class Cargo<T> {
  connection: T | undefined = undefined
  about: About = NOTHING
  /** Stops the create, probe or reset that is under way. */
  operation: AbortController | null = null
  /** The error that it was closed for, where there is one. */
  error: unknown = undefined
  /** Idle and told not to hold the process. */
  resting = false
  /** Aborts the signals that the holders asked for; null while nobody did. */
  recalls: Set<AbortController> | null = null
  /** The leases, where several may share the connection. */
  holdings: Set<Holding> | null = null
  /** Why the holders were asked to give it back; null while they were not. */
  #recalled: Error | null = null

  /** Has `controller` aborted when the connection is recalled: at once if it was. */
  onRecall(controller: AbortController): void {
    if (this.#recalled !== null) {
      controller.abort(this.#recalled)
      return
    }
    this.recalls ??= new Set()
    this.recalls.add(controller)
  }

  /** Asks the holders to give it back. */
  recall(why: Error): void {
    if (this.#recalled !== null) return
    this.#recalled = why
    // Those whose lease is ended meanwhile leave the set, and are not told.
    for (const controller of this.recalls ?? []) controller.abort(why)
    this.recalls = null
  }
}
