import { type Purpose, type Refusal, Waiter } from '../../../src/core/waiter.ts'
import type { Connection } from './connection.ts'

export interface Ask {
  readonly priority?: number
  readonly timeoutMs?: number
  readonly yielded?: boolean
}

/** Somebody who asked for a connection, or for `min` to stand. */
export class Ticket {
  readonly serial: number
  readonly purpose: Purpose
  readonly priority: number
  readonly since: number
  /** -Infinity for one who waits for nothing but the freshness turn. */
  readonly deadline: number
  readonly waiter: Waiter<Ticket>
  /** The turn whose poll comes after it; -1 when it came right after a poll. */
  turn = 0
  state: 'waiting' | 'granted' | 'refused' | 'ready' | 'cancelled' = 'waiting'
  refusal: Refusal | null = null
  connection: Connection | null = null
  waitedMs = 0
  ended = false

  constructor(serial: number, purpose: Purpose, priority: number, since: number, deadline: number) {
    this.serial = serial
    this.purpose = purpose
    this.priority = priority
    this.since = since
    this.deadline = deadline
    this.waiter = new Waiter<Ticket>(this, purpose, priority, since)
  }
}
