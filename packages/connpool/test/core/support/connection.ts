import type { Diagnosis } from '../../../src/core/effects.ts'
import { type CloseReason, Slot } from '../../../src/core/slot.ts'

/** A connection as the world knows it, whatever the machine believes. */
export class Connection {
  readonly serial: number
  readonly generation: number
  slot: Slot<Connection> = new Slot<Connection>(this)
  dial: 'not begun' | 'running' | 'opened' | 'failed' = 'not begun'
  begunAt = 0
  /** How many failed steps had been counted when its dial began. */
  step = 0
  /** Nobody wants the dial any more; it may not have been told to stop yet. */
  unwanted = false
  abortedAt: number | null = null
  /** Told to stop, and waited for in vain: it holds no place. */
  givenUp = false
  /** It was counted as a failed dial. */
  blamed = false
  bornAt = 0
  /** Its end is no failed dial any more. */
  proven = false
  /** When its lifetime ends, as drawn. */
  retiresAt = Infinity
  /** It is to be replaced by then, ahead of its lifetime. */
  leavesBy = Infinity
  /** The end of its lifetime came, and the alarm rang. */
  aged = false
  /** It is dead or dirty; the machine may not have been told. */
  dead = false
  dirty = false
  asked: 'probe' | 'reset' | null = null
  /** It is probed for nobody who waits. */
  upkeep = false
  askedAt = 0
  /** A probe or a reset of it failed, or took too long. */
  failed = false
  destroyed: CloseReason | null = null
  destroyedAt = 0
  /** It holds no place any more. */
  gone = false
  holders = 0
  uses = 0
  /** Its holder said that it is broken. */
  broken = false
  idleForMs = Infinity
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

  /** What ends it was told; that it is closed comes next. */
  get ending(): boolean {
    return this.failed || this.blamed
  }

  get closing(): boolean {
    return this.destroyed !== null && !this.gone
  }

  get fit(): boolean {
    return !this.dead && !this.dirty
  }
}

export function diagnosisOf({ dead }: Connection): Diagnosis {
  return { reason: dead ? 'died' : 'dirty', error: undefined }
}
