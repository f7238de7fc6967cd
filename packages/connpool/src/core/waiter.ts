import { OUTSIDE, type Timed } from './deadlines.ts'
import type { Linked } from './list.ts'

/** What a waiter waits for: a lease, or for `min` to stand. */
export type Purpose = 'lease' | 'ready'

/** Why a waiter was turned away. */
export type Refusal = 'timeout' | 'full' | 'closed' | 'unavailable' | 'config'

/** One queued acquire. It is settled exactly once: granted, refused, expired or withdrawn. */
export class Waiter<W> implements Linked<Waiter<W>>, Timed<Waiter<W>> {
  prev: Waiter<W> | null = null
  next: Waiter<W> | null = null
  dueAt: number = Infinity
  dueIndex: number = OUTSIDE
  earlier: Waiter<W> | null = null
  later: Waiter<W> | null = null
  /** Whoever it stands for: the shell's promise. The core never looks inside. */
  readonly ticket: W
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

  constructor(ticket: W, purpose: Purpose, priority: number, since: number) {
    this.ticket = ticket
    this.purpose = purpose
    this.priority = priority
    this.since = since
  }
}
