import assert from 'node:assert/strict'
import type { FailureClass } from '../../../src/core/backoff.ts'
import type { CloseReason, Slot } from '../../../src/core/slot.ts'
import { type Connection, diagnosisOf } from './connection.ts'
import { Stage } from './stage.ts'
import { holdTime } from './state-laws.ts'
import type { Ask, Ticket } from './ticket.ts'

export type { Connection } from './connection.ts'
export type { Ticket } from './ticket.ts'

/**
 * A tiny world around a machine: it dials, answers when told, and moves its own clock. It keeps its
 * own truth, and after every event it holds the machine to the laws by that truth.
 */
export class World extends Stage {
  // ── What people do ────────────────────────────────────────────────────────────────────────────

  acquire(ask: Ask = {}): Ticket {
    const { yielded = false } = ask
    const { truth, machine } = this
    const ticket = truth.ticket('lease', ask)
    truth.tally.acquires++
    this.event(() => {
      const slot = machine.fast.retake() ?? machine.fast.take(yielded)
      if (slot === null) {
        if (!machine.fast.join(ticket.waiter)) machine.request(ticket.waiter, truth.now)
      } else {
        assert.equal(truth.waiting.length, 1, 'the fast path jumped the queue')
        this.#lent(ticket, slot.cargo, yielded)
      }
    })
    return ticket
  }

  tryAcquire(): Ticket | null {
    const { truth, machine } = this
    return this.event(() => {
      const mayTake = truth.waiting.length === 0 && !truth.paused && !truth.closing
      this.trying = true
      const slot = machine.fast.retake() ?? machine.fast.take(true) ?? machine.takeNow(truth.now)
      this.trying = false
      truth.lending = null
      if (slot === null) return null
      assert.ok(mayTake, 'a tryAcquire jumped the queue')
      truth.tally.acquires++
      const ticket = truth.ticket('lease', {})
      // If the world was hasty meanwhile, the connection may be stale or dead already.
      if (this.judge.nested) truth.lend(ticket, slot.cargo)
      else this.#lent(ticket, slot.cargo, true)
      return ticket
    })
  }

  /** Somebody wants that connection and no other; null: one that there is not yet. */
  acquireNamed(connection: Connection | null, timeoutMs = Infinity): Ticket {
    const { truth, machine } = this
    const ticket = truth.ticket('named', { timeoutMs })
    truth.tally.acquires++
    this.event(() => machine.requestNamed(ticket.waiter, connection?.slot ?? null, truth.now))
    return ticket
  }

  /** The connection that somebody wants was polled, or has come. */
  serveNamed(ticket: Ticket, connection: Connection): void {
    this.event(() => this.machine.serveNamed(ticket.waiter, connection.slot, this.now))
  }

  ready(timeoutMs = Infinity): Ticket {
    const ticket = this.truth.ticket('ready', { timeoutMs })
    this.event(() => this.machine.awaitReady(ticket.waiter, this.now))
    return ticket
  }

  cancel(ticket: Ticket): boolean {
    const waited = ticket.state === 'waiting'
    if (waited) {
      ticket.state = 'cancelled'
      this.truth.tally.aborts++
    }
    return this.event(() => {
      const answer = this.machine.cancel(ticket.waiter, this.now)
      assert.equal(answer, waited, 'whether it waited still')
      return answer
    })
  }

  /** As the shell does it: the last holder's release looks at the connection. */
  release(ticket: Ticket, { idleForMs = Infinity, unclean = false, unsent = false } = {}): void {
    const { truth, machine } = this
    const connection = this.#end(ticket)
    const { slot, serving } = connection
    connection.idleForMs = idleForMs
    truth.tally.releases++
    const isFit = !serving || connection.holders > 0 || connection.fit
    if (serving && isFit && !connection.ending) truth.prove(connection)
    this.event(() => {
      this.judge.returning = connection
      if (!isFit) {
        machine.returnedUnfit(slot, diagnosisOf(connection), truth.now)
      } else if (unclean || unsent || !machine.fast.giveBack(slot, idleForMs)) {
        machine.returned(slot, idleForMs, unclean, unsent, truth.now)
      }
    })
  }

  destroyLease(ticket: Ticket, reason: CloseReason = 'destroyed'): void {
    const connection = this.#end(ticket)
    connection.broken = true
    this.event(() => this.machine.discard(connection.slot, reason, undefined, this.now))
  }

  detach(ticket: Ticket): void {
    const connection = this.#end(ticket)
    if (connection.serving && !connection.ending) {
      connection.gone = true
      this.truth.prove(connection)
    }
    this.event(() => this.machine.detach(connection.slot, this.now))
  }

  // ── What connections do ───────────────────────────────────────────────────────────────────────

  opened(connection = this.dialling[0]): boolean {
    assert.ok(connection?.dial === 'running', 'there is no such dial')
    // While the alarm rings for others it is in time, unless it was given up already.
    const { abortedAt, unwanted, blamed } = connection
    const wanted = abortedAt === null && !unwanted && !blamed
    connection.dial = 'opened'
    connection.bornAt = this.now
    if (wanted) this.truth.failedProbes = 0
    else connection.unwanted = true
    return this.event(() => {
      const answer = this.machine.opened(connection.slot, this.now)
      const { nested } = this.judge
      assert.ok(nested || answer === wanted, `whether connection ${connection.serial} came in time`)
      return answer
    })
  }

  failed(failureClass: FailureClass = 'backend', connection = this.dialling[0]): void {
    assert.ok(connection?.dial === 'running', 'there is no such dial')
    const wanted = this.truth.isWanted(connection)
    connection.dial = 'failed'
    this.event(() => {
      this.machine.openFailed(connection.slot, failureClass, undefined, this.now)
      if (wanted) assert.ok(connection.blamed, 'a failed dial is not counted')
    })
  }

  /** It died and says so. */
  dies(connection: Connection, failureClass: FailureClass = 'backend'): void {
    const { serving } = connection
    const dials = this.truth.isWanted(connection)
    connection.dead = true
    if (dials) connection.unwanted = true
    this.event(() => {
      this.machine.died(connection.slot, failureClass, undefined, this.now)
      if (this.judge.nested) return
      if (serving) assert.equal(connection.destroyed, 'died', 'it died')
      if (dials) assert.ok(connection.blamed, 'a failed dial is not counted')
    })
  }

  probed(lives = true, connection = this.asked('probe')[0]): void {
    assert.ok(connection?.asked === 'probe', 'there is no such probe')
    connection.asked = null
    connection.checkedAt = this.now
    if (!connection.upkeep) connection.parkedAt = null
    if (lives) this.truth.failedProbes = 0
    this.event(() => {
      if (lives) this.judge.asking = connection
      this.machine.probed(connection.slot, lives, 'backend', undefined, this.now)
      if (!lives) assert.equal(connection.destroyed, 'probe', 'it failed its probe')
    })
  }

  cleaned(clean = true, connection = this.asked('reset')[0]): void {
    assert.ok(connection?.asked === 'reset', 'there is no such reset')
    connection.asked = null
    this.event(() => {
      this.judge.returning = connection
      this.machine.resetDone(connection.slot, clean, undefined, this.now)
      if (!clean) assert.equal(connection.destroyed, 'reset', 'law 16')
    })
  }

  closed(connection = this.destroying[0]): void {
    assert.ok(connection?.closing, 'it is not being destroyed')
    connection.gone = true
    this.event(() => this.machine.closed(connection.slot, this.now))
  }

  /** Somebody else opened one. */
  offer(): boolean {
    const connection = this.truth.connection()
    const room = !this.truth.closing && this.taken < this.truth.max
    connection.dial = room ? 'opened' : 'failed'
    connection.bornAt = this.now
    connection.proven = true
    return this.event(() => {
      const answer = this.machine.offer(connection.slot, this.now)
      assert.equal(answer, room, 'whether there was room for an offer')
      return answer
    })
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────

  /** The turn that was asked for: a poll of the sockets, `within` it, and its end. */
  turn(within: () => void = nothing): void {
    this.poll()
    within()
    this.endTurn()
  }

  /** The sockets were polled: in another turn of the loop than that in which it was asked for. */
  poll(): void {
    const { truth } = this
    if (truth.sealedTurns === 0) this.settle()
    truth.poll()
    this.event(() => this.machine.refreshed(truth.now))
  }

  /** The turn in which they were polled is over. */
  endTurn(): void {
    this.truth.inTurn = false
    this.event(() => this.machine.turnOver())
  }

  /** The turn of the loop ends: what came to rest in it is stamped and watched. */
  settle(): void {
    this.truth.endTurn()
    this.event(() => this.machine.settle(this.now))
  }

  /** The alarm rings, once or more, until nothing is due. */
  elapse(): void {
    for (let rings = 0; this.machine.nextDue() <= this.now; rings++) {
      assert.ok(rings < 3, `busy alarm: still due at ${this.machine.nextDue()}, now ${this.now}`)
      this.#ring(() => this.machine.elapse(this.now))
    }
    if (this.laws === null) return
    holdTime(this.truth)
    this.quiet('elapse', () => this.machine.elapse(this.now))
  }

  /** Lets time pass after the turn, from alarm to alarm; between alarms nothing may be due. */
  advance(ms: number): void {
    if (this.truth.arrived) this.settle()
    const end = this.now + ms
    for (let due = this.machine.nextDue(); due <= end; due = this.machine.nextDue()) {
      this.now = Math.max(this.now, due)
      this.elapse()
      assert.ok(this.machine.nextDue() > this.now, 'busy alarm')
    }
    this.now = end
    // No time passes while a turn is awaited: what then comes to need a probe rings no alarm.
    if (this.truth.turnAsked) this.#ring(() => this.machine.elapse(end))
    else if (this.laws !== null) holdTime(this.truth)
  }

  #ring(act: () => void): void {
    this.truth.ring()
    this.event(() => {
      act()
      this.truth.rung(this.machine.moves.backoff)
    })
  }

  // ── Steering ──────────────────────────────────────────────────────────────────────────────────

  start(): void {
    this.event(() => this.machine.start(this.now))
  }

  resize(min: number, max: number): void {
    this.truth.min = min
    this.truth.max = max
    this.event(() => this.machine.resize(min, max, this.now))
  }

  invalidate(): void {
    const { truth } = this
    if (!truth.closing) {
      truth.generation++
      for (const dial of this.running) dial.unwanted = true
    }
    this.event(() => this.machine.invalidate(truth.now))
  }

  /** Connections are to be replaced within `spreadMs`. */
  expire(meant: readonly Connection[], spreadMs: number): void {
    const { truth, machine } = this
    const isMeant = (slot: Slot<Connection>) => meant.includes(slot.cargo)
    const act = () => machine.expire(isMeant, 'readdressed', spreadMs, truth.now)
    if (truth.closing) return this.event(act)
    for (const c of meant) {
      if (c.serving && !truth.isDoomed(c)) c.leavesBy = Math.min(c.leavesBy, truth.now + spreadMs)
    }
    this.#ring(() => {
      act()
      for (const c of meant) c.retiresAt = c.slot.retirement.dueAt
    })
  }

  pause(): void {
    if (!this.truth.closing) this.truth.paused = true
    this.event(() => this.machine.pause(this.now))
  }

  resume(): void {
    this.truth.paused = false
    this.event(() => this.machine.resume(this.now))
  }

  close(graceMs = 0): void {
    const { truth } = this
    truth.closing = true
    truth.paused = false
    truth.closeBy = Math.min(truth.closeBy, truth.now + graceMs)
    for (const dial of this.running) dial.unwanted = true
    this.event(() => this.machine.close(truth.now + graceMs, truth.now))
  }

  /** The law holds: restoring it once more changes nothing, and no alarm is overdue. */
  settled(): void {
    this.elapse()
    this.quiet('a second pump', () => this.machine.start(this.now))
  }

  // ──────────────────────────────────────────────────────────────────────────────────────────────

  /** Lent at once, without the queue. */
  #lent(ticket: Ticket, connection: Connection, yielded: boolean): void {
    this.laws?.granted(ticket, connection, 0, yielded)
    this.truth.lend(ticket, connection)
  }

  #end(ticket: Ticket): Connection {
    const { connection, serial } = ticket
    assert.ok(connection !== null && !ticket.ended, `ticket ${serial} holds nothing`)
    ticket.ended = true
    connection.holders--
    return connection
  }
}

function nothing(): void {}
