import type { CloseReason } from '../core/slot.ts'

export type FakeConnectionState =
  /** Being created. -> open, dead, failed */
  | 'opening'
  /** -> dead, destroyed */
  | 'open'
  /** Died by itself. -> destroyed */
  | 'dead'
  /** Its create failed. */
  | 'failed'
  /** The pool closed it. */
  | 'destroyed'

/** A connection of a FakeSource. */
export class FakeConnection {
  /** Number of its dial, from 1. */
  readonly id: number
  state: FakeConnectionState = 'opening'
  /** Told by `unref` that it should not hold the process, and not yet by `ref` that it should. */
  resting = false
  /** Why the pool destroyed it. */
  reason: CloseReason | undefined
  /** The error that `destroy` was given. */
  error: unknown
  readonly #died: (error?: unknown) => void

  constructor(id: number, died: (error?: unknown) => void) {
    this.id = id
    this.#died = died
  }

  /** Dies, and tells the pool; any number of times, in any state. */
  die(error?: unknown): void {
    if (this.state === 'opening' || this.state === 'open') this.state = 'dead'
    this.#died(error)
  }
}
