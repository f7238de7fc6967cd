import assert from 'node:assert/strict'
import type { CloseReason } from '../../../src/core/slot.ts'
import type { Refusal } from '../../../src/core/waiter.ts'
import type { Connection } from './connection.ts'
import type { Ticket } from './ticket.ts'
import type { Range } from './trouble.ts'
import { CONGESTED_MS, type Truth } from './truth.ts'

/** Grants in a row that may pass over the oldest waiter. */
const PASSES = 8

/**
 * The laws that a single command can break, held to the truth as it is when the command comes. It may
 * come while the world is in the middle of an answer of its own: what was needed at any time since
 * the event began is needed still.
 */
export class CommandLaws {
  readonly #truth: Truth
  /** The world has called back in the middle of the event. */
  nested = false
  /** The connection that comes back from a borrower or a reset. */
  returning: Connection | null = null
  /** The connection that answers a probe. */
  asking: Connection | null = null
  #peakNeed = 0
  #peakDemand = 0

  constructor(truth: Truth) {
    this.#truth = truth
  }

  /** An event begins that is in the middle of no other. */
  begin(): void {
    this.#peakNeed = 0
    this.#peakDemand = 0
  }

  /** Notes how much is needed now: for dials that are answered at once. */
  peak(): void {
    const truth = this.#truth
    this.#peakNeed = Math.max(this.#peakNeed, truth.need(truth.census()))
    this.#peakDemand = Math.max(this.#peakDemand, truth.demand)
  }

  dialled(): void {
    const truth = this.#truth
    const { increment, maxConnecting, dials } = truth.limits
    const { standing } = truth.trouble
    const census = truth.census()
    const { dialling } = census
    const taken = census.open + dialling + census.aborted
    assert.ok(taken <= truth.max, `law 3: ${taken} places taken of ${truth.max}`)
    assert.ok(dialling <= maxConnecting, 'law 4')
    assert.ok(!truth.closing, 'law 18: a dial after close')
    assert.ok(dials && !truth.paused, 'law 7: a dial while paused, or of a pool that is fed')
    assert.ok(!truth.trouble.delaying(truth.now), 'law 20: a dial in a delay')
    assert.ok(standing === null || dialling === 1, 'law 20: one trial')
    this.peak()
    const need = this.nested ? this.#peakNeed : truth.need(census)
    const demand = this.nested ? this.#peakDemand : truth.demand
    const spare = demand > 0 && standing === null ? increment - 1 : 0
    // One that is being given up may not have been told so yet.
    const untold = truth.connections.some((c) => c.serving && c.slot.state === 'closing')
    assert.ok(untold || dialling <= need + spare, 'law 7: a dial without need')
  }

  /** A failed dial, or an end so early that it counts as one. */
  failed(connection: Connection): void {
    const truth = this.#truth
    const { dial, blamed, dead, dirty, failed, abortedAt } = connection
    assert.ok(!blamed, 'a failed dial is counted once')
    if (dial === 'opened') {
      const byItself = dead || dirty || failed
      assert.ok(byItself && truth.isEarly(connection), 'it is no failed dial')
    } else {
      const hasFailed = abortedAt === null && !truth.isWanted(connection)
      assert.ok(hasFailed, 'the dial was told to stop, or goes on')
    }
  }

  delayed(until: number, [from, to]: Range): void {
    assert.ok(until >= from && until <= to, `a delay of ${until - this.#truth.now} ms`)
  }

  granted(ticket: Ticket, connection: Connection, waitedMs: number, yielded: boolean): void {
    const truth = this.#truth
    const { maxLeases, maxUses } = truth.limits
    assert.equal(ticket.state, 'waiting', 'laws 8 and 9')
    assert.ok(ticket.deadline > truth.now, 'law 9')
    assert.ok(connection.serving && connection.fit, 'laws 14 and 15')
    assert.equal(connection.generation, truth.generation, 'law 14: stale')
    assert.ok(connection.holders < maxLeases, 'law 1')
    assert.ok(connection.asked === null && !connection.broken, 'law 1')
    assert.ok(connection.uses < maxUses, 'one use too many')
    assert.ok(!truth.closing, 'law 18')
    assert.ok(!truth.paused, 'law 6: lent while paused')
    assert.equal(waitedMs, ticket.waits(truth.now), 'how long it waited')
    if (connection.holders > 0 || connection === this.asking) return
    if (connection !== truth.lending) this.#fresh(ticket, connection, yielded)
  }

  /** Law 14, what an idle one owes to whom it is lent: a poll, and a probe where it is due. */
  #fresh({ turn }: Ticket, { parkedAt, checkedAt, uses }: Connection, yielded: boolean): void {
    const { limits, inTurn, polled, polledAt, now } = this.#truth
    const { probes, probeAfterIdleMs, freshForMs } = limits
    const always = probes && probeAfterIdleMs === 0
    assert.ok(uses === 0 || !always, 'law 14: it was not probed')
    if (parkedAt === null) return
    assert.ok(
      yielded || (inTurn && turn < polled) || now < polledAt + freshForMs,
      'law 14: no poll since it was asked for',
    )
    assert.ok(!probes || now - checkedAt < probeAfterIdleMs, 'law 14: it was not probed')
  }

  /** Law 5. */
  fair(ticket: Ticket): void {
    const { waiting, limits, now, passes } = this.#truth
    const oldest = waiting[0] ?? ticket
    if (ticket === oldest) return
    assert.ok(passes < PASSES, 'law 5: the oldest was passed over nine times')
    const priority = Math.max(...waiting.map((other) => other.priority))
    const peers = waiting.filter((other) => other.priority === priority)
    const congested = limits.queueOrder !== 'fifo' && oldest.waits(now) > CONGESTED_MS
    assert.ok(ticket === (congested ? peers.at(-1) : peers[0]), 'law 5')
  }

  asked(connection: Connection): void {
    const truth = this.#truth
    assert.ok(connection.idle, 'only an idle one is probed')
    if (connection.upkeep) return
    if (truth.claiming.length > 0) return // Whoever wants that one is not helped by a probe of another.
    const asked = truth.connections.filter((c) => c.asked === 'probe' && !c.upkeep && !c.dead)
    assert.ok(asked.length < truth.waiting.length, 'a probe for nobody')
  }

  destroyed(connection: Connection, reason: CloseReason): void {
    const truth = this.#truth
    const { serial, uses, holders, generation, dead, dirty, failed } = connection
    assert.ok(connection.serving, `connection ${serial} is not open, or destroyed twice`)
    const byItself = reason === 'died' || reason === 'dirty' || (reason === 'probe' && failed)
    const blamed = connection.blamed || !byItself || !truth.isEarly(connection)
    assert.ok(blamed, 'so early an end counts as a failed dial')
    switch (reason) {
      case 'idle':
        return this.#mayIdleOut(connection)
      case 'lifetime':
      case 'readdressed':
        return this.#mayRetire(connection, reason)
      case 'uses':
        return assert.ok(uses >= truth.limits.maxUses && holders === 0, 'it was not used up')
      case 'died':
        return assert.ok(dead, 'it lives')
      case 'dirty':
        return assert.ok(dirty, 'it is clean')
      case 'destroyed':
      case 'unreleased':
        return assert.ok(connection.broken && holders === 0, 'nobody said that it is broken')
      case 'probe':
      case 'reset':
        return assert.ok(holders === 0, 'law 1: it was lent')
      case 'invalidated':
        return assert.ok(generation < truth.generation && holders === 0, 'it is not stale')
      case 'resized':
        return this.#mayTrim(connection)
      case 'excess':
        return this.#mayShed(connection)
      case 'shutdown':
        return assert.ok(truth.closing, 'the pool is open')
      case 'detached':
        return assert.fail('what is detached is not destroyed')
    }
    reason satisfies never
  }

  #mayIdleOut(connection: Connection): void {
    const truth = this.#truth
    const { idle, sound, aged } = truth.census()
    assert.equal(truth.waiting.length, 0, 'law 22: idleness while somebody waits')
    assert.ok(idle - aged > truth.limits.minIdle, 'law 22: below minIdle')
    assert.ok(sound > truth.min, 'law 22: below min')
    assert.ok(truth.spellEnd(connection) <= truth.now, 'its idle spell is not over')
  }

  /** Law 22: an idle aged one goes once it is replaced; at max one is broken at a time. */
  #mayRetire(connection: Connection, reason: 'lifetime' | 'readdressed'): void {
    const truth = this.#truth
    const { limits, now } = truth
    const youth = limits.maxLifetimeMs * (1 - limits.lifetimeJitter)
    const isOld = reason === 'readdressed' ? connection.leavesBy < Infinity : true
    assert.ok(isOld && truth.isAged(connection), 'it is not due')
    if (reason === 'lifetime') assert.ok(now - connection.bornAt >= youth, 'it is not due')
    const rested = connection.idle && connection !== this.returning
    const census = truth.census()
    if (!rested || truth.need(census) <= 0 || !limits.dials) return
    const { dialling, aborted, closing, open } = census
    assert.ok(!truth.paused && open + dialling + aborted >= truth.max, 'law 22: not replaced')
    assert.equal(dialling + aborted + closing, 0, 'law 22: one is broken at a time')
    assert.equal(truth.waiting.length, 0, 'law 22: it was waited for')
    assert.ok(!truth.trouble.delaying(now), 'law 22: broken in a delay')
  }

  /** A shared one is chosen before it goes, and may go when it is too many no more. */
  #mayTrim(connection: Connection): void {
    const truth = this.#truth
    const { serving } = truth.census()
    assert.equal(connection.holders, 0, 'a lent one closes on return')
    const chosen = truth.limits.maxLeases > 1
    assert.ok(chosen || this.nested || serving > truth.max, 'it is not too many')
  }

  #mayShed({ unwanted, abortedAt, givenUp }: Connection): void {
    const truth = this.#truth
    if (unwanted || givenUp || abortedAt !== null) return
    const kept = Math.max(truth.maxIdle, truth.waiting.length)
    assert.ok(truth.census().idle > kept, 'it was no excess')
  }

  refused(ticket: Ticket, refusal: Refusal): void {
    const truth = this.#truth
    const { now, trouble } = truth
    assert.equal(ticket.state, 'waiting', 'law 8')
    assert.equal(refusal === 'closed', truth.closing, 'law 18')
    switch (refusal) {
      case 'timeout':
        return assert.ok(ticket.turnOnly || ticket.deadline <= now, 'before its deadline')
      case 'full':
        return assert.ok(truth.waiting.length > truth.limits.maxWaiters, 'the queue is not full')
      case 'closed':
        return
      case 'config':
      case 'unavailable': {
        // One that is being given up may not have been told so yet.
        const isOpen = truth.connections.some((c) => c.serving && c.slot.state !== 'closing')
        const hope = isOpen || truth.census().dialling > 0 || truth.paused
        if (truth.tied && !hope) return
        assert.ok(!hope && trouble.delaying(now) && trouble.dooming, 'law 11')
        return assert.equal(refusal === 'config', trouble.standing === 'config', 'law 11')
      }
    }
    refusal satisfies never
  }

  ready(ticket: Ticket): void {
    assert.equal(ticket.state, 'waiting', 'law 8')
    assert.ok(this.#truth.census().sound >= this.#truth.min, 'min does not stand')
  }

  closed(connection: Connection, reason: CloseReason): void {
    const { now, limits } = this.#truth
    const late = now - connection.destroyedAt >= limits.destroyTimeoutMs
    assert.ok(connection.gone || late, 'law 3: it was given up before its time')
    assert.ok(reason === 'detached' || reason === connection.destroyed, 'why it was closed')
  }

  drained(): void {
    const { open, dialling, aborted } = this.#truth.census()
    assert.equal(this.#truth.drains, 1, 'drained twice')
    assert.equal(open + dialling + aborted, 0, 'law 18')
  }
}
