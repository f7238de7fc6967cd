/**
 * Whether the sockets were polled lately enough that what looks alive is alive.
 *
 * A connection parked in an earlier turn of the loop is lent after a turn that polls; one such turn
 * serves all who asked for it, and holds until it is over or for `freshForMs`.
 */
export class Freshness {
  readonly #forMs: number
  #inTurn = false
  #until = -Infinity
  /** A turn was asked for and has not come. */
  asked = false
  /** Number of the turn that is awaited. */
  turn = 0

  constructor(freshForMs: number) {
    this.#forMs = freshForMs
  }

  /** True for the rest of the turn in which the sockets were polled. */
  get inTurn(): boolean {
    return this.#inTurn
  }

  holds(now: number): boolean {
    return this.#inTurn || now < this.#until
  }

  /** The sockets were polled. */
  polled(now: number): void {
    this.asked = false
    this.#inTurn = true
    this.#until = now + this.#forMs
  }

  /** Those who waited for this turn have been served. */
  served(): void {
    this.turn++
  }

  /** The turn is over: other events may have blocked the loop since. */
  over(): void {
    this.#inTurn = false
  }
}
