import assert from 'node:assert/strict'
import type { FailureClass } from '../../../src/core/backoff.ts'
import type { Effects } from '../../../src/core/effects.ts'
import type { Limits } from '../../../src/core/limits.ts'
import { PoolMachine } from '../../../src/core/machine.ts'
import { type CloseReason, Slot } from '../../../src/core/slot.ts'
import { type Purpose, type Refusal, Waiter } from '../../../src/core/waiter.ts'
import { limitsOf } from './limits-of.ts'

/** A connection as the world knows it, whatever the machine believes. */
export class Connection {
  readonly serial: number
  readonly generation: number
  slot: Slot<Connection> = new Slot<Connection>(this)
  dial: 'not begun' | 'running' | 'opened' | 'failed' = 'not begun'
  abortedAt: number | null = null
  bornAt = 0
  /** It is dead or dirty; the machine may not have been told. */
  dead = false
  dirty = false
  asked: 'probe' | 'reset' | null = null
  destroyed: CloseReason | null = null
  destroyedAt = 0
  /** It holds no place any more. */
  gone = false
  holders = 0
  uses = 0
  /** Its holder said that it is broken. */
  broken = false
  idleForMs = Infinity
  /** It is to be replaced by then, ahead of its lifetime. */
  leavesBy = Infinity
  /** Since when it is parked; null when it is not, or not yet. */
  parkedAt: number | null = null
  /** When it was last known to live. */
  checkedAt = 0

  constructor(serial: number, generation: number) {
    this.serial = serial
    this.generation = generation
  }

  /** Open, and nobody wants it closed. */
  get serving(): boolean {
    return this.dial === 'opened' && this.destroyed === null && !this.gone
  }

  get idle(): boolean {
    return this.serving && this.holders === 0 && this.asked === null
  }

  get sound(): boolean {
    return this.serving && this.slot.fate === null
  }
}

/** Somebody who asked for a connection, or for `min` to stand. */
export interface Ticket {
  readonly serial: number
  readonly purpose: Purpose
  readonly priority: number
  readonly since: number
  readonly deadline: number
  waiter: Waiter<Ticket> | null
  state: 'waiting' | 'granted' | 'refused' | 'ready' | 'cancelled'
  refusal: Refusal | null
  connection: Connection | null
  waitedMs: number
  ended: boolean
}

export interface Ask {
  readonly priority?: number
  readonly timeoutMs?: number
  readonly yielded?: boolean
}

/**
 * A tiny world around a machine: it dials, answers when told, and moves its own clock. It keeps its
 * own truth of who holds what and what is open, and after every event it holds the machine to the
 * laws by that truth.
 */
export class World {
  readonly limits: Limits
  readonly machine: PoolMachine<Connection, Ticket>
  readonly connections: Connection[] = []
  readonly tickets: Ticket[] = []
  /** What the machine commanded and told, a line each. */
  readonly log: string[] = []
  now = 0
  generation = 0
  min: number
  max: number
  paused = false
  closing = false
  drains = 0
  turnAsked = false
  /** Answers or meddles at once, inside an effect. */
  react: (effect: string, subject: Connection | Ticket | null) => void = () => undefined

  #depth = 0
  #peakNeed = 0
  #peakDemand = 0
  #passedOver = 0
  #oldest: Ticket | null = null
  #nested = false
  #inTurn = false
  #polledAt = -Infinity
  #returning: Connection | null = null
  #asking: Connection | null = null

  constructor(options: Partial<Limits> = {}, random: () => number = () => 0) {
    this.limits = limitsOf(options)
    this.min = this.limits.min
    this.max = this.limits.max
    this.machine = new PoolMachine<Connection, Ticket>(this.limits, this.#effects(), random)
  }

  // ── The truth ─────────────────────────────────────────────────────────────────────────────────

  get waiting(): Ticket[] {
    return this.tickets.filter(({ state, purpose }) => state === 'waiting' && purpose === 'lease')
  }

  /** Those for whom a connection is owed. */
  get demand(): number {
    return this.waiting.filter(({ deadline }) => deadline !== -Infinity).length
  }

  get held(): Ticket[] {
    return this.tickets.filter(({ state, ended }) => state === 'granted' && !ended)
  }

  /** Dials that are wanted. In the middle of an event one may be given up and not yet be told so. */
  get dialling(): Connection[] {
    return this.running.filter((c) => c.abortedAt === null && c.slot.state !== 'aborting')
  }

  /** Dials without an answer, also those that were told to stop. */
  get running(): Connection[] {
    return this.connections.filter((c) => c.dial === 'running')
  }

  get serving(): Connection[] {
    return this.connections.filter((c) => c.serving)
  }

  get idle(): Connection[] {
    return this.connections.filter((c) => c.idle)
  }

  asked(what: 'probe' | 'reset'): Connection[] {
    return this.connections.filter((c) => c.asked === what)
  }

  get destroying(): Connection[] {
    return this.connections.filter((c) => c.destroyed !== null && !c.gone)
  }

  get open(): number {
    return this.connections.filter((c) => c.dial === 'opened' && !c.gone).length
  }

  /** Dials told to stop that still hold their place. */
  get aborted(): number {
    const { destroyTimeoutMs } = this.limits
    return this.connections.filter(
      ({ dial, abortedAt, slot }) =>
        dial === 'running' &&
        (abortedAt === null ? slot.state === 'aborting' : this.now - abortedAt < destroyTimeoutMs),
    ).length
  }

  get taken(): number {
    return this.open + this.dialling.length + this.aborted
  }

  /** The need of law 7; what is due, surplus or stale only takes room. */
  get need(): number {
    const { minIdle, maxLeases } = this.limits
    const sound = this.connections.filter((c) => c.sound)
    // What `takeNow` has lent is told only after the law was restored.
    const supply = sound.filter((c) => c.holders === 0 && c.slot.state !== 'lent').length
    const shortage = Math.ceil(this.demand / maxLeases) + minIdle - supply
    return Math.max(shortage, this.min - sound.length)
  }

  // ── What people do ────────────────────────────────────────────────────────────────────────────

  acquire(ask: Ask = {}): Ticket {
    const { timeoutMs = Infinity, yielded = false } = ask
    const ticket = this.#ticket('lease', ask, timeoutMs === 0 ? -Infinity : this.now + timeoutMs)
    this.event(() => {
      const { machine } = this
      const slot = machine.take(yielded)
      if (slot !== null) {
        assert.equal(this.waiting.length, 1, 'the fast path jumped the queue')
        this.#granted(ticket, slot.cargo, 0, yielded)
      } else if (ticket.waiter !== null) machine.request(ticket.waiter, ticket.deadline, this.now)
    })
    return ticket
  }

  tryAcquire(): Ticket | null {
    const ticket = this.#ticket('lease', {}, Infinity)
    ticket.state = 'cancelled'
    return this.event(() => {
      const mayTake = this.waiting.length === 0 && !this.paused && !this.closing
      const slot = this.machine.takeNow(this.now)
      if (slot === null) return null
      assert.ok(mayTake, 'a tryAcquire jumped the queue')
      ticket.state = 'waiting'
      // If the world was hasty meanwhile, the connection may be stale or dead already.
      if (this.#nested) this.#lend(ticket, slot.cargo)
      else this.#granted(ticket, slot.cargo, 0, true)
      return ticket
    })
  }

  ready(timeoutMs = Infinity): Ticket {
    const ticket = this.#ticket('ready', {}, this.now + timeoutMs)
    this.event(() => {
      if (ticket.waiter !== null) {
        this.machine.awaitReady(ticket.waiter, ticket.deadline, this.now)
      }
    })
    return ticket
  }

  cancel(ticket: Ticket): boolean {
    const waited = ticket.state === 'waiting'
    if (waited) ticket.state = 'cancelled'
    return this.event(() => {
      const answer = ticket.waiter !== null && this.machine.cancel(ticket.waiter, this.now)
      assert.equal(answer, waited)
      return answer
    })
  }

  release(ticket: Ticket, { idleForMs = Infinity, unclean = false, unsent = false } = {}): void {
    const connection = this.#end(ticket)
    const { slot } = connection
    connection.idleForMs = idleForMs
    this.event(() => {
      this.#returning = connection
      if (connection.serving && !this.#isFit(connection)) {
        const reason = connection.dead ? 'died' : 'dirty'
        this.machine.discard(slot, reason, undefined, this.now)
      } else if (unclean || unsent || !this.machine.giveBack(slot, idleForMs)) {
        this.machine.returned(slot, idleForMs, unclean, unsent, this.now)
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
    this.event(() => {
      if (connection.slot.state === 'lent') connection.gone = true
      this.machine.detach(connection.slot, this.now)
    })
  }

  // ── What connections do ───────────────────────────────────────────────────────────────────────

  opened(connection = this.dialling[0]): boolean {
    assert.ok(connection !== undefined && connection.dial === 'running')
    connection.dial = 'opened'
    connection.bornAt = this.now
    const wanted = connection.abortedAt === null
    return this.event(() => {
      const answer = this.machine.opened(connection.slot, this.now)
      assert.equal(answer, wanted, `whether connection ${connection.serial} came in time`)
      return answer
    })
  }

  failed(failureClass: FailureClass = 'backend', connection = this.dialling[0]): void {
    assert.ok(connection !== undefined && connection.dial === 'running')
    connection.dial = 'failed'
    this.event(() => this.machine.openFailed(connection.slot, failureClass, undefined, this.now))
  }

  /** It died and says so. */
  dies(connection: Connection, failureClass: FailureClass = 'backend'): void {
    connection.dead = true
    this.event(() => this.machine.died(connection.slot, failureClass, undefined, this.now))
  }

  probed(lives = true, connection = this.asked('probe')[0]): void {
    assert.ok(connection !== undefined && connection.asked === 'probe')
    connection.asked = null
    connection.checkedAt = this.now
    if (!connection.slot.upkeep) connection.parkedAt = null
    this.event(() => {
      if (lives) this.#asking = connection
      this.machine.probed(connection.slot, lives, 'backend', undefined, this.now)
      if (!lives) assert.equal(connection.destroyed, 'probe')
    })
  }

  cleaned(clean = true, connection = this.asked('reset')[0]): void {
    assert.ok(connection !== undefined && connection.asked === 'reset')
    connection.asked = null
    this.event(() => {
      this.#returning = connection
      this.machine.resetDone(connection.slot, clean, undefined, this.now)
      if (!clean) assert.equal(connection.destroyed, 'reset', 'law 16')
    })
  }

  closed(connection = this.destroying[0]): void {
    assert.ok(connection !== undefined && connection.destroyed !== null)
    connection.gone = true
    this.event(() => this.machine.closed(connection.slot, this.now))
  }

  /** Somebody else opened one. */
  offer(): boolean {
    const connection = this.#connection()
    const room = !this.closing && this.taken < this.max
    connection.dial = room ? 'opened' : 'failed'
    connection.bornAt = this.now
    return this.event(() => {
      const answer = this.machine.offer(connection.slot, this.now)
      assert.equal(answer, room, 'whether there was room for an offer')
      return answer
    })
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────

  /** The turn that was asked for: a poll of the sockets, `within` it, and its end. */
  turn(within: () => void = () => undefined): void {
    this.turnAsked = false
    this.#inTurn = true
    this.#polledAt = this.now
    this.event(() => this.machine.refreshed(this.now))
    within()
    this.#inTurn = false
    this.event(() => this.machine.turnOver())
  }

  settle(): void {
    this.event(() => this.machine.settle(this.now))
  }

  /** The alarm rings, once or more, until nothing is due. */
  elapse(): void {
    for (let rings = 0; this.machine.nextDue() <= this.now; rings++) {
      assert.ok(rings < 3, `busy alarm: still due at ${this.machine.nextDue()}, now ${this.now}`)
      this.event(() => this.machine.elapse(this.now))
    }
    for (const ticket of this.tickets) {
      assert.ok(ticket.state !== 'waiting' || ticket.deadline > this.now || ticket.deadline < 0)
    }
    this.#checkDue()
    this.quiet('elapse', () => this.machine.elapse(this.now))
  }

  /** Lets time pass, from alarm to alarm; between alarms nothing may be due. */
  advance(ms: number): void {
    const end = this.now + ms
    for (let due = this.machine.nextDue(); due <= end; due = this.machine.nextDue()) {
      this.now = Math.max(this.now, due)
      this.elapse()
      assert.ok(this.machine.nextDue() > this.now, 'busy alarm')
    }
    this.now = end
    // No time passes while a turn is awaited: what then comes to need a probe rings no alarm.
    if (this.turnAsked) this.event(() => this.machine.elapse(end))
    else this.quiet('an alarm that was not set', () => this.machine.elapse(end))
  }

  // ── Steering ──────────────────────────────────────────────────────────────────────────────────

  start(): void {
    this.event(() => this.machine.start(this.now))
  }

  resize(min: number, max: number): void {
    this.min = min
    this.max = max
    this.event(() => this.machine.resize(min, max, this.now))
  }

  invalidate(): void {
    if (!this.closing) this.generation++
    this.event(() => this.machine.invalidate(this.now))
  }

  /** Connections are to be replaced within `spreadMs`. */
  expire(meant: readonly Connection[], spreadMs: number): void {
    if (!this.closing) {
      for (const c of meant) c.leavesBy = Math.min(c.leavesBy, this.now + spreadMs)
    }
    const isMeant = (slot: Slot<Connection>) => meant.includes(slot.cargo)
    this.event(() => this.machine.expire(isMeant, 'readdressed', spreadMs, this.now))
  }

  pause(): void {
    if (!this.closing) this.paused = true
    this.event(() => this.machine.pause(this.now))
  }

  resume(): void {
    this.paused = false
    this.event(() => this.machine.resume(this.now))
  }

  close(graceMs = 0): void {
    this.closing = true
    this.paused = false
    this.event(() => this.machine.close(this.now + graceMs, this.now))
  }

  /** An event that must change nothing. */
  quiet(what: string, act: () => void): void {
    const [before, lines] = [this.figures(), this.log.length]
    act()
    assert.deepEqual(this.log.slice(lines), [], `${what}: nothing was to happen`)
    assert.deepEqual(this.figures(), before, `${what}: nothing was to change`)
  }

  /** An event: once all of it is done, the laws must hold. */
  event<R>(act: () => R): R {
    const [returning, asking] = [this.#returning, this.#asking]
    this.#nested = this.#depth > 0
    if (this.#depth++ === 0) this.#peakNeed = this.#peakDemand = 0
    this.#peak()
    const answer = act()
    this.#returning = returning
    this.#asking = asking
    if (--this.#depth === 0) this.check()
    return answer
  }

  figures(): unknown {
    const { moves, policy, generation } = this.machine
    const { roster, queue, readiness, tally, backoff } = moves
    const { opening, aborting, idle, aged, lent, leaving, resetting, closing, asked } = roster
    const lists = [opening, aborting, idle, aged, lent, leaving, resetting, closing]
    const sizes = [asked, ...lists.map(({ size }) => size)]
    const waiting = [queue.size, readiness.size, policy.phase, policy.paused, generation]
    const { standing, failures, until } = backoff
    const delay = until <= this.now ? Infinity : until
    const trouble = [standing, failures, delay, this.machine.nextDue()]
    return structuredClone([sizes, roster.leases, waiting, trouble, { ...tally }])
  }

  /** The law holds: restoring it once more changes nothing, and no alarm is overdue. */
  settled(): void {
    this.elapse()
    this.quiet('a second pump', () => this.machine.start(this.now))
  }

  /** After close, and after every answer: nothing is left, and no alarm either. */
  finished(): void {
    assert.equal(this.drains, 1)
    assert.equal(this.taken, 0, 'law 18')
    assert.equal(this.machine.nextDue(), Infinity, 'law 18: no timer')
    assert.equal(this.machine.awaited, false)
    for (const { state, serial } of this.tickets) {
      assert.notEqual(state, 'waiting', `law 8: ticket ${serial}`)
    }
  }

  // ── The laws ──────────────────────────────────────────────────────────────────────────────────

  check(): void {
    const { roster, tally, backoff, queue } = this.machine.moves
    const { connections } = this
    const lent = connections.filter(({ serving, holders }) => serving && holders > 0)
    assert.deepEqual(
      {
        opening: roster.opening.size,
        idle: roster.lendable,
        inUse: roster.inUse,
        leases: roster.leases,
        probing: roster.asked,
        resetting: roster.resetting.size,
        closing: roster.closing.size,
        open: roster.open,
        waiting: queue.size,
        demand: queue.demand,
      },
      {
        opening: this.dialling.length,
        idle: this.idle.length,
        inUse: lent.length,
        leases: this.held.length,
        probing: this.asked('probe').length,
        resetting: this.asked('reset').length,
        closing: this.destroying.length,
        open: this.open,
        waiting: this.waiting.length,
        demand: this.demand,
      },
      'the machine and the world disagree (laws 2, 10, 13)',
    )
    for (const { abortedAt, slot } of this.running) {
      assert.ok(abortedAt !== null || slot.state !== 'aborting', 'a dial was not told to stop')
    }
    const gone = Object.values(tally.closed).reduce((sum, count) => sum + count, 0)
    assert.equal(tally.opened - gone, this.open, 'law 24')
    const { hits, misses, timeouts, aborts, refused, failed } = tally
    const settled = hits + misses + timeouts + aborts + refused + failed
    assert.equal(tally.acquires, settled + this.waiting.length, 'law 24')
    if (this.closing) {
      const waiting = this.tickets.filter(({ state }) => state === 'waiting')
      assert.equal(waiting.length + this.dialling.length + this.idle.length, 0, 'law 18')
      return
    }
    const unlent = this.dialling.length + this.idle.length
    const surplus = this.serving.length + this.dialling.length - this.max
    assert.ok(surplus <= 0 || unlent === 0, 'surplus is aborted or closed, where it is not lent')
    const kept = Math.max(this.#maxIdle, this.waiting.length)
    assert.ok(this.idle.length <= kept, 'more idle ones than maxIdle')
    if (this.paused) return
    const free = this.limits.maxLeases > 1 ? lent.filter((c) => this.#hasSeat(c)) : []
    if (!this.turnAsked && this.waiting.length > this.asked('probe').length) {
      assert.equal(this.idle.length + free.length, 0, 'law 6: someone waits and something idles')
    }
    if (!this.limits.dials || backoff.delaying) return
    const cap = backoff.standing === null ? this.limits.maxConnecting : 1
    const owed = Math.min(this.need, cap)
    assert.ok(
      this.dialling.length >= owed || this.taken >= this.max,
      `law 7: ${this.dialling.length} dials of ${owed} owed`,
    )
  }

  get #maxIdle(): number {
    return Math.min(this.limits.maxIdle ?? this.max, this.max)
  }

  #hasSeat({ holders, slot }: Connection): boolean {
    return holders < this.limits.maxLeases && slot.fate === null
  }

  /** Law 22, the other way: what is due does go. */
  #checkDue(): void {
    const sound = this.connections.filter((c) => c.sound)
    const { maxLifetimeMs, maxUses } = this.limits
    for (const { bornAt, uses, leavesBy } of sound) {
      const due = Math.min(bornAt + maxLifetimeMs, leavesBy)
      assert.ok(this.now < due && uses < maxUses, 'it is due')
    }
    if (this.waiting.length > 0 || this.closing) return
    const idle = sound.filter((c) => c.idle)
    if (idle.length <= this.limits.minIdle || sound.length <= this.min) return
    for (const c of idle) assert.ok(this.#spellEnd(c) > this.now, 'its idle spell is over')
  }

  #spellEnd({ parkedAt, idleForMs }: Connection): number {
    return parkedAt === null ? Infinity : parkedAt + Math.min(idleForMs, this.limits.idleTimeoutMs)
  }

  #mayIdleOut(connection: Connection): void {
    const sound = this.connections.filter((c) => c.sound).length
    const idle = this.idle.filter((c) => c.sound).length
    // It is buried, and has a fate, before it is destroyed.
    assert.ok(this.waiting.length === 0 && idle >= this.limits.minIdle, 'law 22')
    assert.ok(sound >= this.min && this.#spellEnd(connection) <= this.now, 'law 22')
  }

  /** Law 22: an idle aged one goes once it is replaced; at max one is broken at a time. */
  #mayRetire(): void {
    if (this.need <= 0 || !this.limits.dials) return
    const underway = this.dialling.length + this.aborted + this.destroying.length - 1
    assert.ok(this.taken >= this.max && underway === 0 && !this.paused, 'law 22: not replaced')
    assert.equal(this.waiting.length, 0, 'law 22: it was waited for')
    assert.equal(this.machine.moves.backoff.delaying, false, 'law 22: broken in a delay')
  }

  /** Law 5. */
  #fair(ticket: Ticket): void {
    const { waiting } = this
    const oldest = waiting[0] ?? ticket
    if (oldest !== this.#oldest) this.#passedOver = 0
    this.#oldest = oldest
    if (ticket === oldest) return
    const priority = Math.max(...waiting.map((other) => other.priority))
    const peers = waiting.filter((other) => other.priority === priority)
    const congested = this.limits.queueOrder !== 'fifo' && this.now - oldest.since > 50
    assert.ok(ticket === (congested ? peers.at(-1) : peers[0]), 'law 5')
    assert.ok(++this.#passedOver <= 8, 'law 5: the oldest was passed over nine times')
  }

  #granted(ticket: Ticket, connection: Connection, waitedMs: number, yielded = false): void {
    assert.equal(ticket.state, 'waiting', 'laws 8 and 9')
    assert.ok(ticket.deadline === -Infinity || ticket.deadline > this.now, 'law 9')
    assert.ok(connection.serving && this.#isFit(connection), 'laws 14 and 15')
    assert.equal(connection.generation, this.generation, 'law 14: stale')
    assert.ok(connection.holders < this.limits.maxLeases, 'law 1')
    assert.ok(connection.asked === null && !connection.broken, 'law 1')
    assert.ok(connection.uses < this.limits.maxUses, 'one use too many')
    assert.ok(!this.closing && !this.paused, 'law 18')
    // What `takeNow` has lent is told only after the law was restored.
    const known = connection.slot.leases === connection.holders + 1
    if (connection.parkedAt !== null && connection !== this.#asking && known) {
      const { probes, probeAfterIdleMs, freshForMs } = this.limits
      const fresh = this.#inTurn || this.now < this.#polledAt + freshForMs
      assert.ok(fresh || yielded, 'it was not looked at since it was parked')
      const rested = this.now - connection.checkedAt
      assert.ok(!probes || rested < probeAfterIdleMs, 'it was not probed')
    }
    ticket.waitedMs = waitedMs
    assert.equal(waitedMs, this.now - ticket.since)
    this.#lend(ticket, connection)
  }

  #lend(ticket: Ticket, connection: Connection): void {
    ticket.state = 'granted'
    ticket.connection = connection
    connection.holders++
    connection.uses++
    connection.parkedAt = null
  }

  // ── Within ────────────────────────────────────────────────────────────────────────────────────

  #ticket(purpose: Purpose, { priority = 0 }: Ask, deadline: number): Ticket {
    const ticket: Ticket = {
      serial: this.tickets.length + 1,
      purpose,
      priority,
      since: this.now,
      deadline,
      waiter: null,
      state: 'waiting',
      refusal: null,
      connection: null,
      waitedMs: 0,
      ended: false,
    }
    ticket.waiter = new Waiter(ticket, purpose, priority, this.now)
    this.tickets.push(ticket)
    return ticket
  }

  #end(ticket: Ticket): Connection {
    const { connection } = ticket
    assert.ok(connection !== null && !ticket.ended)
    ticket.ended = true
    connection.holders--
    return connection
  }

  #connection(): Connection {
    const connection = new Connection(this.connections.length + 1, this.generation)
    this.connections.push(connection)
    return connection
  }

  #isFit(connection: Connection): boolean {
    return !connection.dead && !connection.dirty
  }

  /** How much was needed at most since the event began: for dials that answer at once. */
  #peak(): void {
    this.#peakNeed = Math.max(this.#peakNeed, this.need)
    this.#peakDemand = Math.max(this.#peakDemand, this.demand)
  }

  #tell(effect: string, subject: Connection | Ticket | null, detail: unknown = ''): void {
    this.log.push(`${effect} ${subject?.serial ?? ''} ${detail}`.trim().replace('  ', ' '))
    this.#peak()
    this.react(effect, subject)
  }

  #open(slot: Slot<Connection>): void {
    const { cargo } = slot
    cargo.slot = slot
    cargo.dial = 'running'
    const { increment, maxConnecting, dials } = this.limits
    const { standing, delaying } = this.machine.moves.backoff
    this.#peak()
    const [need, demand] = this.#nested
      ? [this.#peakNeed, this.#peakDemand]
      : [this.need, this.demand]
    assert.ok(this.taken <= this.max, `law 3: ${this.taken} places taken of ${this.max}`)
    assert.ok(this.dialling.length <= maxConnecting, 'law 4')
    assert.ok(!this.closing && !this.paused && !delaying && dials, 'laws 18 and 20')
    assert.ok(standing === null || this.dialling.length === 1, 'law 20: one trial')
    const spare = demand > 0 && standing === null ? increment - 1 : 0
    assert.ok(this.dialling.length <= need + spare, 'law 7: a dial without need')
    this.#tell('open', cargo)
  }

  #destroy({ cargo }: Slot<Connection>, reason: CloseReason): void {
    assert.ok(cargo.serving, `connection ${cargo.serial} is not open, or destroyed twice`)
    if (reason === 'idle') this.#mayIdleOut(cargo)
    if (reason === 'excess' && cargo.abortedAt === null) {
      const kept = Math.max(this.#maxIdle, this.waiting.length)
      assert.ok(this.idle.length > kept, 'it was no excess')
    }
    const rested = cargo.idle && cargo !== this.#returning
    cargo.destroyed = reason
    cargo.destroyedAt = this.now
    cargo.asked = null
    if (reason === 'readdressed') assert.ok(cargo.leavesBy < Infinity, 'it was not meant')
    if ((reason === 'lifetime' || reason === 'readdressed') && rested) this.#mayRetire()
    this.#tell('destroy', cargo, reason)
  }

  #refuse(ticket: Ticket, refusal: Refusal): void {
    assert.equal(ticket.state, 'waiting', 'law 8')
    ticket.state = 'refused'
    ticket.refusal = refusal
    if (refusal === 'config' || refusal === 'unavailable') {
      const { backoff } = this.machine.moves
      const serving = this.serving.some(({ slot }) => slot.state !== 'closing')
      const hope = serving || this.dialling.length > 0 || this.paused
      assert.ok(!hope && backoff.delaying && backoff.dooming, 'law 11')
    }
    if (refusal === 'timeout') assert.ok(ticket.deadline <= this.now, 'before its deadline')
    assert.equal(refusal === 'closed', this.closing, 'law 18')
    this.#tell('refuse', ticket, refusal)
  }

  #effects(): Effects<Connection, Ticket> {
    return {
      cargo: () => this.#connection(),
      open: (slot) => this.#open(slot),
      abort: ({ cargo }) => {
        cargo.abortedAt ??= this.now
        this.#tell('abort', cargo)
      },
      probe: ({ cargo }) => {
        assert.ok(cargo.idle)
        cargo.asked = 'probe'
        // One that died may still stand as asked, until the machine is done with its death.
        const asked = this.asked('probe').filter(({ dead, slot }) => !dead && !slot.upkeep)
        const enough = asked.length <= this.waiting.length
        assert.ok(cargo.slot.upkeep || enough, 'a probe for nobody')
        this.#tell('probe', cargo)
      },
      reset: ({ cargo }) => {
        assert.ok(cargo.idle)
        cargo.asked = 'reset'
        this.#tell('reset', cargo)
      },
      destroy: (slot, reason) => this.#destroy(slot, reason),
      fit: ({ cargo }) => this.#isFit(cargo),
      diagnosis: ({ cargo }) => ({ reason: cargo.dead ? 'died' : 'dirty', error: undefined }),
      turn: () => {
        assert.equal(this.turnAsked, false, 'a turn is asked for once')
        this.turnAsked = true
        this.log.push('turn')
      },
      parked: ({ cargo }) => {
        assert.ok(cargo.idle)
        cargo.parkedAt ??= this.now
        cargo.checkedAt = this.now
        this.log.push(`parked ${cargo.serial}`)
      },
      recall: ({ cargo }) => this.#tell('recall', cargo),
      grant: ({ ticket }, { cargo }, waitedMs) => {
        this.#fair(ticket)
        this.#granted(ticket, cargo, waitedMs)
        this.#tell('grant', ticket, cargo.serial)
      },
      refuse: ({ ticket }, refusal) => this.#refuse(ticket, refusal),
      ready: ({ ticket }) => {
        assert.equal(ticket.state, 'waiting', 'law 8')
        ticket.state = 'ready'
        assert.ok(this.connections.filter((c) => c.serving).length >= this.min)
        this.#tell('ready', ticket)
      },
      connectionOpened: ({ cargo }) => {
        cargo.checkedAt = this.now
        this.#tell('opened', cargo)
      },
      connectionClosed: ({ cargo }, reason) => {
        const late = this.now - cargo.destroyedAt >= this.limits.destroyTimeoutMs
        assert.ok(cargo.gone || late, 'it was given up before its time')
        assert.ok(reason === 'detached' || reason === cargo.destroyed)
        cargo.gone = true
        this.#tell('closed', cargo, reason)
      },
      connectFailed: ({ cargo }, failureClass) => this.#tell('connectFailed', cargo, failureClass),
      probeFailed: ({ cargo }) => {
        cargo.asked = null
        this.#tell('probeFailed', cargo)
      },
      resetFailed: ({ cargo }) => {
        cargo.asked = null
        this.#tell('resetFailed', cargo)
      },
      availability: (available) => this.#tell(available ? 'available' : 'unavailable', null),
      graceOver: () => this.#tell('graceOver', null),
      drained: () => {
        assert.equal(++this.drains, 1, 'drained twice')
        assert.equal(this.taken, 0, 'law 18')
        this.#tell('drained', null)
      },
    }
  }
}
