import type { FailureClass } from './backoff.ts'
import type { CloseReason, Slot } from './slot.ts'
import type { Refusal, Waiter } from './waiter.ts'

/** What is wrong with a connection. */
export interface Diagnosis {
  readonly reason: CloseReason
  readonly error: unknown
}

/**
 * The port to the world. Commands are given once the machine's state is whole, so that a world that
 * answers at once finds it consistent; every answer is one of the machine's events.
 */
export interface Effects<C> {
  /** Makes the cargo for a new place. A question. */
  cargo(): C
  /** Opens a connection. Answered by `opened` or `openFailed`, also after an `abort`. */
  open(slot: Slot<C>): void
  /** Stops the opening of a connection. */
  abort(slot: Slot<C>): void
  /** Asks a connection whether it lives. Answered by `probed`. */
  probe(slot: Slot<C>): void
  /** Makes a connection clean. Answered by `resetDone`. */
  reset(slot: Slot<C>): void
  /** Closes a connection, and ends what is still asked of it. Answered by `closed`. */
  destroy(slot: Slot<C>, reason: CloseReason, error: unknown): void
  /** Whether the connection may be lent this moment; one that may is lent next. Calls nothing back. */
  fit(slot: Slot<C>): boolean
  /** Why one that was just found unfit is unfit. A question. */
  diagnosis(slot: Slot<C>): Diagnosis
  /** Yields to a poll of the sockets. Answered by `refreshed`, then `turnOver`; never at once. */
  turn(): void
  /** The connection rests, at the end of a turn or after an upkeep probe: watch it. Calls nothing back. */
  parked(slot: Slot<C>): void
  /** The leases of this connection should be given back. */
  recall(slot: Slot<C>): void
  grant(waiter: Waiter, slot: Slot<C>, waitedMs: number): void
  refuse(waiter: Waiter, refusal: Refusal): void
  /** `min` stands. */
  ready(waiter: Waiter): void

  /** News, for whoever observes. */
  /** `tookMs` since its dial began. */
  connectionOpened(slot: Slot<C>, tookMs: number): void
  connectionClosed(slot: Slot<C>, reason: CloseReason): void
  connectFailed(slot: Slot<C>, failureClass: FailureClass, error: unknown): void
  probeFailed(slot: Slot<C>, error: unknown): void
  resetFailed(slot: Slot<C>, error: unknown): void
  availability(available: boolean): void
  /** The grace of `close` is over; connections still lent are destroyed next. */
  graceOver(): void
  /** The pool is closed and empty. */
  drained(): void
}
