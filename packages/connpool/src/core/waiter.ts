import { OUTSIDE, type Timed } from './deadlines.ts'
import type { Linked } from './list.ts'

/** What a waiter waits for: a lease, or for `min` to stand. */
export type Purpose = 'lease' | 'ready'

/** Why a waiter was turned away. */
export type Refusal = 'timeout' | 'full' | 'closed' | 'unavailable' | 'config'

/**
 * One queued acquire. It is settled exactly once: granted, refused, expired or withdrawn. The shell's
 * promise extends it: of those who wait there can be very many, and an object less each is felt.
 */
export class Waiter implements Linked<Waiter>, Timed<Waiter> {
  prev: Waiter | null = null
  next: Waiter | null = null
  dueAt: number = Infinity
  dueIndex: number = OUTSIDE
  earlier: Waiter | null = null
  later: Waiter | null = null
  readonly purpose: Purpose
  /** 0 to 7, higher is served first. */
  readonly priority: number
  /** When it was queued. */
  readonly since: number
  /** Order of arrival. */
  seq = 0
  /** The freshness turn that may serve it, and those after it. */
  turn = 0
  /** Something idled for it when it came: being served by its freshness turn is no wait. */
  expected = false
  /** Waits for the freshness turn only: never for a probe, a release or a dial. */
  turnOnly = false
  /** In the queue now. Only Queue changes it. */
  queued = false

  constructor(purpose: Purpose, priority: number, since: number) {
    this.purpose = purpose
    this.priority = priority
    this.since = since
  }
}
