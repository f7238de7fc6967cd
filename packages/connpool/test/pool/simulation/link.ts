import type { CloseReason } from '../../../src/core/slot.ts'
import type { CreateContext } from '../../../src/pool/source.ts'
import type { Call } from './call.ts'
import type { Moment } from './loop.ts'

/** What a look at a connection's own state shows. */
export type Vitals = 'fit' | 'died' | 'dirty'

/** A connection of the simulated network, as the network and its users know it. */
export class Link {
  readonly serial: number
  /** How often the pool had been invalidated when it was dialled. */
  readonly generation: number
  /** The step of the backoff in which it was dialled. */
  readonly step: number
  /** When it was dialled. */
  readonly begun: Moment
  readonly died: CreateContext['died']
  dial: 'running' | 'opened' | 'failed' = 'running'
  /** When its dial was told to stop. */
  stopped: Moment | null = null
  bornMs = 0
  /** The peer hung up, or sent what nobody asked for; the place of that in the order of all acts. */
  brokenAt: number | null = null
  /** That was while immediates ran: those of the same one need not see it. */
  brokeLate = false
  /** A poll has shown that. */
  seen = false
  /** As seen since the last poll. */
  vitals: Vitals = 'fit'
  /** `died` was called. */
  told = false
  /** What was written last is not on its way yet. */
  unsent = false
  /** Being probed, reset or flushed. */
  work: Call | null = null
  /** The pool destroys it. */
  ending: (Moment & { readonly reason: CloseReason; done: boolean }) | null = null
  detached = false
  /** The custodian was told that it goes out, and not since that it came back. */
  out = false
  /** It took too long to close, or its dial to stop: the pool waits no more. */
  givenUp = false
  holders = 0
  uses = 0
  /** A probe of it failed. */
  failedProbe = false
  /** Its reset failed. */
  unclean = false
  /** What it is about to end of, for the class of an early end. */
  blame: unknown
  /** Its dial was a success. */
  proven = false
  /** It is to be lent no more, and closed with its last lease. */
  drained = false
  /** Told by `unref`, and not since by `ref`. */
  resting = false
  /** The turn and the time at which it was last let go. */
  freeTurn = 0
  freeMs = 0
  /** By when its idle spell had begun; null while that is not known. */
  spellByMs: number | null = null
  idleForMs = Infinity
  /** Its number in the pool, once that is known. */
  id = 0

  constructor(
    serial: number,
    generation: number,
    step: number,
    begun: Moment,
    died: CreateContext['died'],
  ) {
    this.serial = serial
    this.generation = generation
    this.step = step
    this.begun = begun
    this.died = died
  }

  /** Open, and neither being closed nor taken out of the pool. */
  get serving(): boolean {
    return this.dial === 'opened' && this.ending === null && !this.detached
  }

  get idle(): boolean {
    return this.serving && this.holders === 0 && this.work === null
  }

  /** Open at the network. */
  get standing(): boolean {
    return this.dial === 'opened' && !this.detached && this.ending?.done !== true
  }

  toString(): string {
    return `c${this.serial}`
  }
}
