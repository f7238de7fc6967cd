import { Deadline } from './deadlines.ts'
import type { Linked } from './list.ts'
import type { Seat } from './seats.ts'

/** Why a connection was closed. */
export type CloseReason =
  /** It was idle for too long. */
  | 'idle'
  /** It was too old. */
  | 'lifetime'
  /** It had served `maxUses` leases. */
  | 'uses'
  /** It ended by itself. */
  | 'died'
  /** It had bytes that nobody asked for, or something was left on it that cannot be undone. */
  | 'dirty'
  /** Its holder destroyed it, or `use` saw a throw. */
  | 'destroyed'
  /** Its lease went out of a `using` block without being released. */
  | 'unreleased'
  /** It failed a probe, or was due for one after `probeRetries` failed ones. */
  | 'probe'
  /** It could not be made clean. */
  | 'reset'
  /** It was stale. */
  | 'invalidated'
  /** Its address does not belong to the host name any more. */
  | 'readdressed'
  /** It was too many after a resize. */
  | 'resized'
  /** It was over `maxIdle`, or opened after its dial was aborted. */
  | 'excess'
  /** It left the pool for good. */
  | 'detached'
  /** It was open when the pool closed. */
  | 'shutdown'

export type SlotState =
  /** Being created. -> idle, aborting, closed (failed) */
  | 'opening'
  /** Told to stop while being created; holds its place until it does. -> closing (a late result), closed */
  | 'aborting'
  /** Open and unused. -> lent, probing, closing */
  | 'idle'
  /** Held by at least one lease. -> idle, lent, resetting, closing, closed (detached) */
  | 'lent'
  /** Being made clean for the next borrower. -> idle, lent, closing */
  | 'resetting'
  /** Being asked whether it lives. -> idle, lent, closing */
  | 'probing'
  /** Being destroyed; holds its place until that is done or given up. -> closed */
  | 'closing'
  /** Not begun, or gone. -> opening, idle (offered), closing (a result after an abort was given up) */
  | 'closed'

/** One place in the pool and one connection's life in it. Only Roster changes its state. */
export class Slot<C> implements Linked<Slot<C>> {
  prev: Slot<C> | null = null
  next: Slot<C> | null = null
  state: SlotState = 'closed'
  /** What the shell keeps with it. The core never looks inside. */
  readonly cargo: C
  /** Number of the connection, from 1; 0 until it opened. */
  id = 0
  /** Leases that were not ended yet, also those on a connection that died under them. */
  leases = 0
  /** How often it was lent. */
  uses = 0
  /** Why it is to be closed once it is returned or replaced; null for a sound one. Later: why it was. */
  fate: CloseReason | null = null
  /** Released once, a second old, or opened by somebody else: its end is no failed dial. */
  proven = false
  /** Whether `since` holds of an idle or lent one: they are stamped together, at the end of the turn. */
  stamped = false
  /** When it entered its present state; an idle one then was known to live. */
  since = 0
  /** When it opened; before, when its dial began. */
  bornAt = 0
  /** Step of the backoff in which its dial began. */
  step = 0
  /** The last borrower's bound on the coming idle spell, in ms. */
  idleForMs: number = Infinity
  /** Whether its probe is upkeep; otherwise it is for somebody who waits. */
  upkeep = false
  readonly retirement: Deadline<Slot<C>> = new Deadline<Slot<C>>(this)
  /** Why it is due at its retirement. */
  expiry: CloseReason = 'lifetime'
  /** These are made when first needed: few pools bound single spells, share or probe in the background. */
  idleness: Deadline<Slot<C>> | null = null
  seat: Seat<Slot<C>> | null = null
  nextProbe: Deadline<Slot<C>> | null = null
  /** From its opening until it is proven. */
  probation: Deadline<Slot<C>> | null = null

  constructor(cargo: C) {
    this.cargo = cargo
  }
}
