/**
 * Whether the sockets were polled lately enough that what looks alive is alive (law 14).
 *
 * A connection parked in an earlier turn of the loop is lent after a turn that polls. One such turn
 * serves all who came before the turn in which it was asked for had ended: who comes later may come
 * out of a callback that blocked the loop after that poll. So there may be two under way: one that is
 * awaited, and one for those who came since.
 */
export class Freshness {
  readonly #forMs: number
  #inTurn = false
  #until = -Infinity
  /** Number of the turn for those who come now. */
  turn = 0
  /** It was asked for. */
  #asked = false
  /** Those with lower numbers have polled. */
  #polled = 0
  /** Those with lower numbers have served whom they could. */
  #served = 0

  constructor(freshForMs: number) {
    this.#forMs = freshForMs
  }

  /** True for the rest of the turn in which the sockets were polled. */
  get inTurn(): boolean {
    return this.#inTurn
  }

  /** The turn of one who comes now. Right after a poll that is the last one, unless others are before it. */
  turnFor(queues: boolean): number {
    return this.#inTurn && !queues ? this.#polled - 1 : this.turn
  }

  /** Whether one who came for that turn may be lent what was parked before. */
  holds(turn: number, now: number): boolean {
    return (this.#inTurn && turn < this.#polled) || now < this.#until
  }

  /** Whether a turn is under way that will serve one who came for that one. */
  isAwaited(turn: number): boolean {
    return this.#asked || (turn < this.turn && this.#polled < this.turn)
  }

  /** Whether that turn was asked for and is still to poll. */
  isUnderWay(turn: number): boolean {
    return turn >= this.#polled && (turn < this.turn || this.#asked)
  }

  /** Whether that turn is still to serve somebody. */
  isToCome(turn: number): boolean {
    return turn >= this.#served
  }

  ask(): void {
    this.#asked = true
  }

  /** The turn of the loop ends: who comes from now on is served by another. */
  seal(): void {
    if (!this.#asked) return
    this.#asked = false
    this.turn++
  }

  /** The sockets were polled for the first that is under way. */
  polled(now: number): void {
    if (this.#polled < this.turn) this.#polled++
    this.#inTurn = true
    this.#until = now + this.#forMs
  }

  /** Those who waited for this turn have been served. */
  served(): void {
    this.#served = this.#polled
  }

  /** The turn is over: other events may have blocked the loop since. */
  over(): void {
    this.#inTurn = false
  }
}
