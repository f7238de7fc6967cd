import { Deadline, Deadlines } from './deadlines.ts'
import type { Limits } from './limits.ts'
import { List } from './list.ts'
import { Seat, Seats } from './seats.ts'
import type { CloseReason, Slot, SlotState } from './slot.ts'

/**
 * Every place of the pool, in the list of its state, and the moves between them. It is the only file
 * that assigns `.state`. When a move is due is the business of Policy and PoolMachine; what is decided
 * here is which connection is lent next, how long one may live, and that its last use is its last.
 *
 * Gauges are sizes of lists and never stored, so that law 2 and the sums of law 24 hold by construction.
 * Lists of what somebody's answer ends are in order of `since`: the head is overdue first. In the
 * others those not stamped yet are at the newest end. Two states have two lists each: idle and lent
 * connections that have a fate (aged, used up, stale, destroyed) only take room.
 */
export class Roster<C> {
  readonly opening: List<Slot<C>> = new List<Slot<C>>()
  readonly aborting: List<Slot<C>> = new List<Slot<C>>()
  /** Idle, past the end of its lifetime, kept until it is replaced. */
  readonly aged: List<Slot<C>> = new List<Slot<C>>()
  /** Lent, to be closed on return. */
  readonly leaving: List<Slot<C>> = new List<Slot<C>>()
  readonly resetting: List<Slot<C>> = new List<Slot<C>>()
  /** Being probed for somebody who waits. */
  readonly probing: List<Slot<C>> = new List<Slot<C>>()
  /** Being probed for upkeep, which is for nobody. */
  readonly inspecting: List<Slot<C>> = new List<Slot<C>>()
  readonly closing: List<Slot<C>> = new List<Slot<C>>()
  /** Lent ones that can take another lease. */
  readonly seats: Seats<Slot<C>>
  /** Open ones that are within their lifetime, by its end. */
  readonly retirement: Deadlines<Deadline<Slot<C>>> = new Deadlines<Deadline<Slot<C>>>()
  /** Idle ones whose longest allowed spell ends elsewhere than their place among the idle tells. */
  readonly idleness: Deadlines<Deadline<Slot<C>>> = new Deadlines<Deadline<Slot<C>>>()
  /** Idle ones, by the next background probe. */
  readonly nextProbe: Deadlines<Deadline<Slot<C>>> = new Deadlines<Deadline<Slot<C>>>()
  /** Those that are not proven yet, by the end of their probation. */
  readonly probation: Deadlines<Deadline<Slot<C>>> = new Deadlines<Deadline<Slot<C>>>()
  /** Leases not ended, also those on connections that died. */
  leases = 0
  /** Most connections ever in use at a time. */
  maxInUse = 0
  #lastId = 0
  /** Probing and resetting ones that have a fate. */
  #spent = 0
  readonly #idle: List<Slot<C>> = new List<Slot<C>>()
  readonly #lent: List<Slot<C>> = new List<Slot<C>>()
  /**
   * Idle, and not taken out of the list of the lent ones yet: what comes back in the turn in which it
   * went out mostly goes out again before anybody looks, and need not be moved twice.
   */
  #warm: Slot<C> | null = null
  readonly #limits: Limits
  readonly #shares: boolean
  readonly #lifo: boolean
  /** Where the last that came back is the next to go out. */
  readonly #warms: boolean

  constructor(limits: Limits) {
    this.#limits = limits
    this.#shares = limits.maxLeases > 1
    this.#lifo = limits.idleOrder === 'lifo'
    this.#warms = this.#lifo && !this.#shares
    this.seats = new Seats<Slot<C>>(limits.maxLeases)
  }

  get idle(): List<Slot<C>> {
    this.#cool()
    return this.#idle
  }

  get lent(): List<Slot<C>> {
    this.#cool()
    return this.#lent
  }

  /** Idle ones within their lifetime. */
  get unused(): number {
    return this.#warm === null ? this.#idle.size : this.#idle.size + 1
  }

  /** The one that came back last, in this turn, and is the next to go out; or null. */
  get warm(): Slot<C> | null {
    return this.#warm
  }

  get inUse(): number {
    return this.lent.size + this.leaving.size
  }

  /** Idle ones that a waiter could be given. */
  get lendable(): number {
    return this.idle.size + this.aged.size
  }

  /** Being asked whether they live, for whomever. */
  get asked(): number {
    return this.probing.size + this.inspecting.size
  }

  /** Probing and resetting ones without a fate: they will be lendable again. */
  get coming(): number {
    return this.asked + this.resetting.size - this.#spent
  }

  /** Open ones without a fate: those that count toward `min`. */
  get sound(): number {
    return this.idle.size + this.lent.size + this.coming
  }

  /** "Open" of the failure table: something that a waiter may hope for. */
  get serving(): number {
    return this.lendable + this.inUse + this.asked + this.resetting.size
  }

  get open(): number {
    return this.serving + this.closing.size
  }

  /** Places that are not free (law 3). */
  get taken(): number {
    return this.open + this.opening.size + this.aborting.size
  }

  /**
   * The next connection to lend: a shared one, the fullest first; else an idle one; else an aged one.
   * What is lent, and has no lease to spare, is none of these (law 1).
   */
  get candidate(): Slot<C> | null {
    if (this.#warm !== null) return this.#warm
    const shared = this.#shares ? this.seats.fullest : null
    return shared ?? (this.#lifo ? this.#idle.last : this.#idle.first) ?? this.aged.last
  }

  /** The one to close when idle ones are too many: an aged one, else the one that idled longest. */
  get expendable(): Slot<C> | null {
    return this.aged.first ?? this.idle.first
  }

  /** When the first of the idle ones has idled for as long as it may; Infinity when none will. */
  get idleOutAt(): number {
    return Math.min(this.#firstIdleOutAt, this.idleness.at)
  }

  /** One that has, or null. */
  idledOut(now: number): Slot<C> | null {
    if (this.idleOutAt > now) return null
    const own = this.idleness.first
    return own !== null && own.dueAt <= this.#firstIdleOutAt ? own.owner : this.idle.first
  }

  /** Of those who have no deadline of their own: they are in order. */
  get #firstIdleOutAt(): number {
    const { first } = this.idle
    return first === null || !first.stamped ? Infinity : first.since + this.#limits.idleTimeoutMs
  }

  /** A new place, whose dial begins. */
  begin(slot: Slot<C>, now: number): void {
    slot.state = 'opening'
    slot.since = now
    slot.bornAt = now
    this.opening.push(slot)
  }

  /** A connection opened. Its lifetime is drawn here, once (law 21); `random` is 0 to 1. */
  admit(slot: Slot<C>, now: number, random: number): void {
    const { maxLifetimeMs, lifetimeJitter } = this.#limits
    slot.id = ++this.#lastId
    slot.bornAt = now
    const lifetimeMs =
      maxLifetimeMs === Infinity ? Infinity : maxLifetimeMs * (1 - lifetimeJitter * random)
    this.retirement.add(slot.retirement, now + lifetimeMs)
  }

  /** One more lease. */
  lend(slot: Slot<C>): void {
    if (slot.leases === 0) this.#goOut(slot)
    slot.uses++
    slot.leases++
    this.leases++
    if (slot.fate !== null) return
    if (slot.uses >= this.#limits.maxUses) this.condemn(slot, 'uses')
    else if (this.#limits.maxLeases > 1) this.seats.gain(this.#seatOf(slot))
  }

  /** As `lend`, of the warm one, whose last use it is not. */
  lendWarm(slot: Slot<C>): void {
    this.#warm = null
    slot.state = 'lent'
    slot.uses++
    slot.leases++
    this.leases++
  }

  /** One lease less and one more, which is not the last. */
  relend(slot: Slot<C>): void {
    slot.uses++
    if (this.#shares || !slot.stamped) return
    slot.stamped = false
    this.#lent.remove(slot)
    this.#lent.push(slot)
  }

  #goOut(slot: Slot<C>): void {
    this.#leave(slot)
    slot.state = 'lent'
    slot.stamped = false
    if (slot.fate === null) this.#lent.push(slot)
    else this.leaving.push(slot)
    if (this.inUse > this.maxInUse) this.maxInUse = this.inUse
  }

  /** One lease less. The last one leaves the slot where it is, for the machine to move on. */
  endLease(slot: Slot<C>): void {
    slot.leases--
    this.leases--
    if (slot.seat !== null && slot.fate === null) this.seats.lose(slot.seat)
  }

  /** To the newest end of the idle ones; stamped at the end of the turn. */
  shelve(slot: Slot<C>): void {
    this.#cool()
    if (this.#warms && slot.state === 'lent' && !slot.stamped && slot.fate === null) {
      this.#warm = slot
      slot.state = 'idle'
      return
    }
    this.#leave(slot)
    slot.state = 'idle'
    slot.stamped = false
    if (slot.fate === null) this.#idle.push(slot)
    else this.aged.push(slot)
  }

  /** Moves the warm one to where it belongs. */
  #cool(): void {
    const slot = this.#warm
    if (slot === null) return
    this.#warm = null
    this.#lent.remove(slot)
    this.#idle.push(slot)
  }

  /** Back to the idle ones after a background probe, which is no use: it goes on with its spell. */
  reshelve(slot: Slot<C>, now: number): void {
    this.#leave(slot)
    slot.state = 'idle'
    slot.since = now
    if (slot.fate !== null) this.aged.unshift(slot)
    else {
      this.idle.unshift(slot)
      this.#watch(slot, slot.idleness?.dueAt ?? Infinity)
    }
  }

  /** Past its lifetime or of no more use: an idle one waits to be replaced, a lent one for its return. */
  condemn(slot: Slot<C>, fate: CloseReason): void {
    if (slot.fate !== null) return
    const moves = slot.state === 'idle' || slot.state === 'lent'
    if (moves) this.#leave(slot)
    slot.fate = fate
    if (isAsked(slot)) this.#spent++
    if (!moves) return
    const list = this.#listOf(slot)
    if (slot.stamped) list?.unshift(slot)
    else list?.push(slot)
  }

  /** Past its lifetime. */
  age(slot: Slot<C>): void {
    this.retirement.remove(slot.retirement)
    this.condemn(slot, slot.expiry)
  }

  /** Its lifetime ends at `by` and because of `expiry`, unless it ends sooner anyway. */
  expire(slot: Slot<C>, expiry: CloseReason, by: number): void {
    const { retirement } = slot
    if (by >= retirement.dueAt) return
    slot.expiry = expiry
    this.retirement.remove(retirement)
    this.retirement.add(retirement, by)
  }

  /** To one of the states that somebody else's answer ends. */
  move(slot: Slot<C>, state: 'aborting' | 'probing' | 'resetting', now: number): void {
    this.#leave(slot)
    slot.state = state
    slot.since = now
    this.#listOf(slot)?.push(slot)
    if (slot.fate !== null && isAsked(slot)) this.#spent++
  }

  /** On its way out. */
  bury(slot: Slot<C>, reason: CloseReason, now: number): void {
    this.remove(slot)
    slot.fate = reason
    slot.state = 'closing'
    slot.since = now
    this.closing.push(slot)
  }

  /** Out. */
  remove(slot: Slot<C>): void {
    this.#leave(slot)
    this.retirement.remove(slot.retirement)
    if (slot.probation !== null) this.probation.remove(slot.probation)
    slot.state = 'closed'
  }

  /** End of the turn: stamps those that came to rest in it, and tells of the idle ones. */
  settle(now: number, parked: (slot: Slot<C>) => void): void {
    for (const list of [this.lent, this.leaving, this.idle, this.aged]) {
      for (let slot = list.last; slot !== null && !slot.stamped; slot = slot.prev) {
        slot.stamped = true
        slot.since = now
        if (slot.state !== 'idle') continue
        if (slot.fate === null) {
          this.#watch(slot, now + Math.min(slot.idleForMs, this.#limits.idleTimeoutMs))
        }
        parked(slot)
      }
    }
  }

  #watch(slot: Slot<C>, idleUntil: number): void {
    const { idleTimeoutMs, probeEveryMs } = this.#limits
    const isProbed = probeEveryMs !== Infinity
    if (isProbed || slot.idleForMs < idleTimeoutMs) {
      slot.idleness ??= new Deadline(slot)
      this.idleness.add(slot.idleness, idleUntil)
    }
    if (!isProbed) return
    slot.nextProbe ??= new Deadline(slot)
    this.nextProbe.add(slot.nextProbe, slot.since + probeEveryMs)
  }

  #seatOf(slot: Slot<C>): Seat<Slot<C>> {
    slot.seat ??= new Seat(slot)
    return slot.seat
  }

  #leave(slot: Slot<C>): void {
    this.#listOf(slot)?.remove(slot)
    if (slot.fate !== null && isAsked(slot)) this.#spent--
    if (slot.seat !== null) this.seats.remove(slot.seat)
    this.#unwatch(slot)
  }

  #unwatch(slot: Slot<C>): void {
    if (slot.idleness !== null) this.idleness.remove(slot.idleness)
    if (slot.nextProbe !== null) this.nextProbe.remove(slot.nextProbe)
  }

  #listOf(slot: Slot<C>): List<Slot<C>> | null {
    const state: SlotState = slot.state
    switch (state) {
      case 'opening':
        return this.opening
      case 'aborting':
        return this.aborting
      case 'idle':
        return slot.fate === null ? this.idle : this.aged
      case 'lent':
        return slot.fate === null ? this.lent : this.leaving
      case 'resetting':
        return this.resetting
      case 'probing':
        return slot.upkeep ? this.inspecting : this.probing
      case 'closing':
        return this.closing
      case 'closed':
        return null
    }
    return state satisfies never
  }
}

/** Waits for the answer to a probe or a reset. */
function isAsked(slot: Slot<unknown>): boolean {
  return slot.state === 'probing' || slot.state === 'resetting'
}
