/** A quick check spends less time a trial, runs fewer works, and allows more. */
export type Form = 'full' | 'quick'

/**
 * The most that connpool may cost at a work: the median over the rounds of its ratio to the floor, or, where bytes are weighed, of
 * what is above the floor, in floors.
 */
export interface Limit {
  readonly work: string
  readonly full: number
  /** Absent where a quick check leaves the work out. */
  readonly quick?: number
}

/**
 * Full limits are about 1.3 times what a full check measured when they were set, quick ones about twice what a quick one did: that is
 * room for noise and for other machines. They were measured on Node 20; V8 compiles otherwise in later ones. Whoever makes something
 * faster lowers its limits; whoever raises one says why.
 */
export const limits: readonly Limit[] = [
  { work: 'try-acquire', full: 5.6, quick: 8.7 },
  { work: 'acquire', full: 2.9, quick: 4.6 },
  { work: 'acquire-timeout', full: 2.9 },
  { work: 'use', full: 1.5, quick: 2.3 },
  // A quick check is over before V8 has compiled a thousand loops.
  { work: 'workers', full: 3.6 },
  { work: 'workers-8', full: 2.9, quick: 4.6 },
  { work: 'waiters', full: 2.2, quick: 3.4 },
  { work: 'sweep', full: 1.35, quick: 2 },
  { work: 'tcp-try-acquire', full: 6.1 },
  { work: 'tcp-acquire', full: 5.6, quick: 9.5 },
  { work: 'tcp-idle', full: 0.3, quick: 0.6 },
]
