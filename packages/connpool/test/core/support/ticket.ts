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

  constructor(ticket: Ticket) {
    super(ticket.purpose, ticket.priority, ticket.timeoutMs)
    this.ticket = ticket
  }
}

/** Whose waiter it is. */
export function ticketOf(waiter: Waiter): Ticket {
  assert.ok(waiter instanceof Waiting, 'a waiter of nobody')
  return waiter.ticket
}

/** Somebody who asked for a connection, for one in particular, or for `min` to stand. */
export class Ticket {
  readonly serial: number
  readonly purpose: Purpose
  readonly priority: number
  readonly timeoutMs: number
  readonly waiter: Waiter
  /** When the turn was over in which it came; null until then. */
  since: number | null = null
  /** The turn whose poll comes after it; -1 when it came right after a poll. */
  turn = 0
  state: 'waiting' | 'granted' | 'refused' | 'ready' | 'cancelled' = 'waiting'
  refusal: Refusal | null = null
  connection: Connection | null = null
  waitedMs = 0
  ended = false

  constructor(serial: number, purpose: Purpose, { priority = 0, timeoutMs = Infinity }: Ask) {
    this.serial = serial
    this.purpose = purpose
    this.priority = priority
    this.timeoutMs = timeoutMs
    this.waiter = new Waiting(this)
  }

  /** It waits for nothing but a turn that polls. */
  get turnOnly(): boolean {
    return this.timeoutMs === 0 && this.purpose !== 'ready'
  }

  /** When it has to be settled. */
  get deadline(): number {
    return this.since === null || this.turnOnly ? Infinity : this.since + this.timeoutMs
  }

  /** How long it has waited by `now`, in ms. */
  waits(now: number): number {
    return this.since === null ? 0 : Math.max(0, now - this.since)
  }
}
