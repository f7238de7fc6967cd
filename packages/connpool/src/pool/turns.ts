import type { Clock } from './clock.ts'

/** What a pool does at the turns of the event loop. */
export interface TurnHandlers {
  /** The turn ends: whatever came to rest in it can be stamped, in one batch. */
  end(): void
  /** The sockets were polled since `poll` was called. */
  polled(): void
  /** The turn in which they were polled is over. */
  pollOver(): void
}

/** Chained immediates, the last of which has seen a poll for I/O wherever the first was set. */
const IMMEDIATES_TO_POLL = 2

/**
 * A pool's dealings with the event loop.
 *
 * A turn, here, is what runs until the next check phase, where immediates are. An immediate set by an
 * I/O callback runs before the next poll for I/O, so only a second one, set by the first, has seen a
 * poll; both hold the process, as an immediate that does not can stall.
 */
export class Turns {
  readonly #clock: Required<Clock>
  readonly #handlers: TurnHandlers
  #ending = false

  constructor(clock: Required<Clock>, handlers: TurnHandlers) {
    this.#clock = clock
    this.#handlers = handlers
  }

  /** Has `end` called when this turn ends; once, however often it is asked for. */
  expectEnd(): void {
    if (this.#ending) return
    this.#ending = true
    this.#clock.setImmediate(this.#end)
  }

  /** Has `polled` called after a poll for I/O. It holds for the callbacks of that immediate alone. */
  poll(): void {
    this.afterPoll(
      () => this.#handlers.polled(),
      () => this.#handlers.pollOver(),
    )
  }

  /** Has all of them called in one turn, after a poll for I/O. */
  afterPoll(...acts: readonly (() => void)[]): void {
    this.#waitFor(IMMEDIATES_TO_POLL, acts)
  }

  #waitFor(immediates: number, acts: readonly (() => void)[]): void {
    if (immediates > 1) this.#clock.setImmediate(() => this.#waitFor(immediates - 1, acts))
    else for (const act of acts) this.#clock.setImmediate(act)
  }

  readonly #end = (): void => {
    this.#ending = false
    this.#handlers.end()
  }
}
