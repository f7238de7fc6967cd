import type { Pool } from 'connpool'

/** The default `backoff`, as the documentation has it. Its jitter only takes away from a delay. */
const INITIAL_MS = 100
const FACTOR = 2
const MAX_MS = 5_000

interface Deed {
  /** `died`: it had opened, and counts as a failed dial because it ended too early. */
  readonly is: 'begun' | 'opened' | 'failed' | 'died'
  readonly at: number
}

/** What a pool was about when its backend served again. */
export type Running =
  /** No dial and no delay: it had no trouble, or did not know of it. */
  | { readonly is: 'nothing' }
  /** A dial that began before. `restMs`: how much longer it took. */
  | { readonly is: 'dial'; readonly restMs: number; readonly failed: boolean }
  /** A delay, from the last failed dial to the next one. `restMs`: what was left of it. */
  | { readonly is: 'delay'; readonly ms: number; readonly restMs: number }

/** How a pool came by its first connection after trouble. */
export interface Return {
  /** When the delay that ran last had to be over, as documented; at `from` where none ran. */
  readonly dueAt: number
  /** How long the dial took that brought the connection; 0 where there was none. */
  readonly dialMs: number
  /** Dials that began once the backend served again, and failed all the same. */
  readonly failed: number
}

/** When the dials of a pool began and ended. */
export class DialHistory {
  readonly #now: () => number
  readonly #deeds: Deed[] = []

  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  listen(pool: Pick<Pool<unknown>, 'on'>): void {
    pool.on('open', () => this.#note('opened'))
    pool.on('connectFailed', ({ connectionId }) => {
      this.#note(connectionId === undefined ? 'failed' : 'died')
    })
  }

  /** A dial begins. */
  readonly begun = (): void => this.#note('begun')

  #note(is: Deed['is']): void {
    this.#deeds.push({ is, at: this.#now() })
  }

  /** What was running at that moment. Trouble before `from` is none of its. */
  runningAt(from: number, moment: number): Running {
    const before = this.#between(from, moment)
    const after = this.#between(moment, Infinity)
    const end = after.find(isEnd)
    if (end !== undefined && underWay(this.#between(-Infinity, moment)) > 0) {
      return { is: 'dial', restMs: end.at - moment, failed: end.is === 'failed' }
    }
    const last = before.findLast(isTrouble)
    const next = after.find(({ is }) => is === 'begun')
    if (last === undefined || next === undefined) return { is: 'nothing' }
    return { is: 'delay', ms: next.at - last.at, restMs: next.at - moment }
  }

  /** How it came back: trouble since `from`, a backend that serves again at `served`, and a success at `success`. */
  returned(from: number, served: number, success: number): Return {
    const trouble = this.#between(from, success)
    const last = trouble.findLast(isTrouble)
    const steps = stepsIn(trouble)
    const delayMs = steps === 0 ? 0 : Math.min(MAX_MS, INITIAL_MS * FACTOR ** (steps - 1))
    const lastly = trouble.filter(({ at }) => last === undefined || at > last.at)
    const begun = lastly.find(({ is }) => is === 'begun')
    const opened = lastly.find(({ is }) => is === 'opened')
    const lost = this.#between(served, success).filter(({ is }) => is === 'failed').length
    return {
      dueAt: (last?.at ?? from) + delayMs,
      dialMs: begun === undefined || opened === undefined ? 0 : opened.at - begun.at,
      failed: Math.max(0, lost - underWay(this.#between(-Infinity, served))),
    }
  }

  #between(from: number, to: number): Deed[] {
    return this.#deeds.filter(({ at }) => at > from && at <= to)
  }
}

function isEnd({ is }: Deed): boolean {
  return is === 'opened' || is === 'failed'
}

function isTrouble({ is }: Deed): boolean {
  return is === 'failed' || is === 'died'
}

function underWay(deeds: readonly Deed[]): number {
  const begun = deeds.filter(({ is }) => is === 'begun').length
  return begun - deeds.filter(isEnd).length
}

/** Dials that fail together are one failed step: what was dialled since the last one that counted. */
function stepsIn(deeds: readonly Deed[]): number {
  let steps = 0
  let dialled = true
  for (const deed of deeds) {
    if (deed.is === 'begun') dialled = true
    else if (isTrouble(deed) && dialled) {
      steps += 1
      dialled = false
    }
  }
  return steps
}
