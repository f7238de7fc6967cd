import type { FailureClass } from '../../../src/core/backoff.ts'
import type { Limits } from '../../../src/core/limits.ts'
import type { Ask } from '../support/ticket.ts'
import { PROBATION_MS } from '../support/truth.ts'

/** All times of an explored world are whole ticks, in ms: as long as a probation. */
export const TICK_MS = PROBATION_MS

/** What may happen in an explored world besides what may happen in all of them. */
export interface Alphabet {
  /** How people acquire, besides plainly. */
  readonly asks?: readonly Ask[]
  /** How they release, besides plainly. */
  readonly releases?: readonly ReleaseManner[]
  /** Classes of failing dials. */
  readonly failures?: readonly FailureClass[]
  /** Classes of connections that die. */
  readonly deaths?: readonly FailureClass[]
  readonly resizes?: readonly (readonly [min: number, max: number])[]
  /** Graces of `close`, in ms. */
  readonly closes?: readonly number[]
  /** How far in the future connections are expired, in ms, and by the draw half of it. */
  readonly expires?: readonly number[]
  readonly ready?: boolean
  readonly detach?: boolean
  readonly invalidate?: boolean
  readonly pause?: boolean
  readonly offers?: boolean
  /** Connections die in silence. */
  readonly silence?: boolean
  /** The turns of the loop are events of their own; otherwise each event is a turn. */
  readonly turns?: boolean
  /** Alarms are late. */
  readonly late?: boolean
}

export interface ReleaseManner {
  readonly unclean?: true
  readonly unsent?: true
  readonly idleForMs?: number
}

/** What the world does inside an effect. */
export type Haste =
  | 'none'
  /** It answers all commands at once, and well. */
  | 'obliging'
  /** It answers all commands at once, and fails. */
  | 'failing'
  /** In each event, once: it answers, or somebody does something. */
  | 'meddling'

/** One pool to explore, and what may happen to it. */
export interface Setting extends Alphabet {
  readonly name: string
  readonly callers: number
  readonly haste: Haste
  readonly limits: Partial<Limits>
}

/** An option or a verb that changes what follows from what. */
export interface Feature extends Alphabet {
  readonly name: string
  readonly limits?: (max: number) => Partial<Limits>
}
