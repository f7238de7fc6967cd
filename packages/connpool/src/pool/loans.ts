import type { Diagnosis } from '../core/effects.ts'
import type { FastPath } from '../core/fast-path.ts'
import type { PoolMachine } from '../core/machine.ts'
import type { CloseReason, Slot } from '../core/slot.ts'
import type { Cargo, Holding } from './cargo.ts'
import type { Custody } from './custody.ts'
import { LeaseReleasedError } from './errors.ts'
import type { Events } from './events.ts'
import type { Judgement } from './judgement.ts'
import { Lease, type LeaseHolder, type Lender, type ReleaseOptions } from './lease.ts'
import { checkArguments, invalidOption, type Rules, wait } from './rules.ts'
import type { Source } from './source.ts'
import type { PoolStats } from './stats.ts'
import type { Turns } from './turns.ts'

const RELEASE_RULES: Rules = { idleForMs: wait }

/** What Loans need of their pool. */
export interface LoanOffice<T> {
  readonly name: string
  readonly machine: PoolMachine<Cargo<T>>
  readonly source: Source<T>
  readonly custody: Custody<T> | null
  readonly turns: Turns
  readonly events: Events
  readonly judgement: Judgement<T>
  now(): number
  stats(): PoolStats
  /** Why a connection that was just found unfit is. */
  diagnosis(slot: Slot<Cargo<T>>): Diagnosis
  /** Tells `isFatal` of an error with which a connection was given back. */
  judge(error: unknown, from: 'use' | 'destroy'): void
}

/** Where leases are made and where they end. */
export class Loans<T> implements Lender<T> {
  readonly #office: LoanOffice<T>
  readonly #machine: PoolMachine<Cargo<T>>
  readonly #fast: FastPath<Cargo<T>>
  readonly #custody: Custody<T> | null
  readonly #events: Events
  readonly #turns: Turns
  readonly #shared: boolean
  /** Found in this turn; null when it was not looked for. */
  #oldestSince: number | null = null
  #warned = false

  constructor(office: LoanOffice<T>, maxLeases: number) {
    this.#office = office
    this.#machine = office.machine
    this.#fast = office.machine.fast
    this.#custody = office.custody
    this.#events = office.events
    this.#turns = office.turns
    this.#shared = maxLeases > 1
  }

  /** A lease on one that came back in this turn: it did not rest, and the end of the turn is expected. */
  renew(slot: Slot<Cargo<T>>): Lease<T> {
    if (this.#events.heard.acquire) this.#tellAcquired(slot, 0)
    return new Lease<T>(this, slot, null)
  }

  /** A lease on a slot that the machine has just lent. */
  make(slot: Slot<Cargo<T>>, waitedMs: number): Lease<T> {
    const { cargo } = slot
    if (cargo.resting) this.#rouse(cargo)
    if (this.#events.heard.acquire) this.#tellAcquired(slot, waitedMs)
    this.#turns.expectEnd()
    return new Lease<T>(this, slot, this.#shared ? this.#hold(cargo) : null)
  }

  idleForMs(options: ReleaseOptions): number {
    checkArguments(this.#office, 'release', options, RELEASE_RULES)
    return options.idleForMs ?? Infinity
  }

  release(slot: Slot<Cargo<T>>, holding: Holding | null, idleForMs: number): void {
    const isPlain = this.#custody === null && !this.#events.heard.release
    if (isPlain && this.#fast.giveBack(slot, idleForMs)) this.#turns.expectEnd()
    else this.#releaseWithCare(slot, holding, idleForMs)
  }

  /** Looks at the connection, and tells of the release. */
  #releaseWithCare(slot: Slot<Cargo<T>>, holding: Holding | null, idleForMs: number): void {
    const told = this.#events.heard.release ? this.#heldMs(slot, holding) : null
    const custody = this.#custody
    const unclean = this.#machine.moves.limits.resets
    let unsent = false
    if (custody !== null && slot.state === 'lent' && slot.leases === 1) {
      const connection = slot.cargo.connection as T // A lent slot has its connection.
      if (!custody.park(connection)) {
        const diagnosis = this.#office.diagnosis(slot)
        this.#machine.returnedUnfit(slot, diagnosis, this.#office.now())
        this.#turns.expectEnd()
        if (told !== null) this.#tellReleased(slot, told, diagnosis.reason, diagnosis.error)
        return
      }
      unsent = !custody.flushed(connection)
    }
    if (unsent || !this.#fast.giveBack(slot, idleForMs)) {
      this.#machine.returned(slot, idleForMs, unclean, unsent, this.#office.now())
    }
    this.#turns.expectEnd()
    if (told !== null) this.#tellReleased(slot, told)
  }

  destroy(
    slot: Slot<Cargo<T>>,
    holding: Holding | null,
    reason: CloseReason,
    error: unknown,
    from: 'use' | 'destroy',
  ): void {
    const told = this.#events.heard.release ? this.#heldMs(slot, holding) : null
    // A shared connection is closed with its last lease, and because of this one.
    if (slot.leases > 1) slot.cargo.error ??= error
    const why = error !== undefined && this.#wasEnded(slot) ? 'died' : reason
    this.#machine.discard(slot, why, error, this.#office.now())
    this.#turns.expectEnd()
    if (told !== null) this.#tellReleased(slot, told, why, error)
    if (error !== undefined) this.#office.judge(error, from)
  }

  checkAlone(slot: Slot<Cargo<T>>): void {
    if (slot.leases === 1) return
    const others = slot.leases === 2 ? 'another lease shares' : `${slot.leases - 1} others share`
    throw invalidOption(this.#office, `detach() needs the connection for itself, but ${others} it`)
  }

  detach(slot: Slot<Cargo<T>>, holding: Holding | null): void {
    const told = this.#events.heard.release ? this.#heldMs(slot, holding) : null
    this.#custody?.discharge(slot.cargo.connection as T) // A slot that was lent has its connection.
    this.#machine.detach(slot, this.#office.now())
    this.#turns.expectEnd()
    if (told !== null) this.#tellReleased(slot, told, 'detached')
  }

  unreleased(): void {
    if (this.#warned) return
    this.#warned = true
    process.emitWarning(
      `${this.#office.name}: a lease went out of its block without having been released, so its ` +
        'connection was destroyed: the block may have thrown halfway through a reply. End the ' +
        'block with lease.release(), or use pool.use().',
      { code: 'CONNPOOL_UNRELEASED' },
    )
  }

  endedError(): Error {
    return new LeaseReleasedError(this.#office.name, { stats: this.#office.stats() })
  }

  /** Who holds a connection, oldest lease first. */
  holders(): LeaseHolder[] {
    const now = this.#office.now()
    const { lent, leaving } = this.#machine.moves.roster
    const slots = [...leaving.toArray(), ...lent.toArray()]
    const holders = slots.flatMap((slot) => {
      const since = slot.stamped ? slot.since : now
      const holdings = slot.cargo.holdings ?? [{ since }]
      return Array.from(holdings, (holding) => ({
        connectionId: slot.id,
        heldMs: now - holding.since,
      }))
    })
    return holders.sort((a, b) => b.heldMs - a.heldMs)
  }

  /**
   * For how long the oldest lease has lasted, in ms; null when nothing is lent. It is asked for each
   * acquire that times out, and looked for once in a turn: a mass expiry would pay for each.
   */
  oldestMs(): number | null {
    const now = this.#office.now()
    this.#oldestSince ??= this.#findOldest(now)
    return this.#oldestSince === Infinity ? null : Math.max(0, now - this.#oldestSince)
  }

  /** The turn is over: somebody else may be the oldest. */
  turnOver(): void {
    this.#oldestSince = null
  }

  /** When the oldest lease began; Infinity when there is none. Lent ones are in order, unless shared. */
  #findOldest(now: number): number {
    const { lent, leaving } = this.#machine.moves.roster
    let since = lent.first === null ? Infinity : this.#lentSince(lent.first, now)
    for (const list of this.#shared ? [lent, leaving] : [leaving]) {
      for (let slot = list.first; slot !== null; slot = slot.next) {
        since = Math.min(since, this.#lentSince(slot, now))
      }
    }
    return since
  }

  #lentSince(slot: Slot<Cargo<T>>, now: number): number {
    for (const holding of slot.cargo.holdings ?? []) return holding.since // The first is the oldest.
    return slot.stamped ? slot.since : now
  }

  /**
   * Its peer ended it, and its holder throws because of that, before its `'close'` could tell the pool.
   * It died, as it would have done a tick later.
   */
  #wasEnded(slot: Slot<Cargo<T>>): boolean {
    if (this.#custody === null || slot.state !== 'lent' || slot.leases > 1) return false
    return this.#custody.hasEnded(slot.cargo.connection as T) // A lent slot has its connection.
  }

  #hold(cargo: Cargo<T>): Holding {
    const holding: Holding = { since: this.#office.now() }
    cargo.holdings ??= new Set()
    cargo.holdings.add(holding)
    return holding
  }

  #rouse(cargo: Cargo<T>): void {
    const { source, judgement } = this.#office
    cargo.resting = false
    judgement.call('ref', () => source.ref?.(cargo.connection as T)) // A lent slot has its connection.
  }

  /** How long a lease was held; not known of a connection that is gone, but where it was shared. */
  #heldMs(slot: Slot<Cargo<T>>, holding: Holding | null): { readonly tookMs?: number } {
    if (holding !== null) return { tookMs: this.#office.now() - holding.since }
    if (slot.state !== 'lent') return {}
    return { tookMs: slot.stamped ? this.#office.now() - slot.since : 0 }
  }

  #tellAcquired(slot: Slot<Cargo<T>>, tookMs: number): void {
    this.#events.emit('acquire', this.#office.now(), {
      connectionId: slot.id,
      tookMs,
      ...slot.cargo.about,
    })
  }

  #tellReleased(
    slot: Slot<Cargo<T>>,
    held: { readonly tookMs?: number },
    reason?: CloseReason,
    error?: unknown,
  ): void {
    this.#events.emit('release', this.#office.now(), {
      connectionId: slot.id,
      ...held,
      ...(reason !== undefined && { reason }),
      ...(error !== undefined && { error }),
    })
  }
}
