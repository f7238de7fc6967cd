import assert from 'node:assert/strict'
import { type Purpose, type Refusal, Waiter } from '../../../src/core/waiter.ts'
import type { Connection } from './connection.ts'

export interface Ask {
  readonly priority?: number
  readonly timeoutMs?: number
  readonly yielded?: boolean
}

/** Who waits, as the machine sees it. */
class Waiting extends Waiter {
  readonly ticket: Ticket

  constructor(ticket: Ticket, purpose: Purpose, priority: number, since: number) {
    super(purpose, priority, since)
    this.ticket = ticket
  }
}

/** Whose waiter it is. */
export function ticketOf(waiter: Waiter): Ticket {
  assert.ok(waiter instanceof Waiting, 'a waiter of nobody')
  return waiter.ticket
}

/** Somebody who asked for a connection, or for `min` to stand. */
export class Ticket {
  readonly serial: number
  readonly purpose: Purpose
  readonly priority: number
  readonly since: number
  /** -Infinity for one who waits for nothing but the freshness turn. */
  readonly deadline: number
  readonly waiter: Waiter
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
    this.waiter = new Waiting(this, purpose, priority, since)
  }
}
