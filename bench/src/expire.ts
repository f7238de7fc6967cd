import { type PerformanceEntry, PerformanceObserver } from 'node:perf_hooks'
import { setImmediate as nextTurn } from 'node:timers/promises'

/** What became of waiters whose deadlines were all past at once. */
export interface Expiry {
  /** The longest turn of the event loop from then on until the last was told, in ms. */
  readonly longestTurnMs: number
  /** The longest turn without what the garbage collector took of it, in ms. */
  readonly longestWorkMs: number
  /** In so many turns. */
  readonly turns: number
  /** How long after the last deadline the last was told, in ms. */
  readonly lastLateMs: number
  /** Whether they were told in the order in which they came. */
  readonly inOrder: boolean
}

/**
 * Has waiters queue for what nobody gives back, and blocks the loop until the deadlines of all are past: the most that
 * can come due together. The turns after that are timed.
 */
export async function expireTogether(
  take: () => Promise<unknown>,
  { waiters, timeoutMs }: { readonly waiters: number; readonly timeoutMs: number },
): Promise<Expiry> {
  let told = 0
  let inOrder = true
  const wait = async (place: number): Promise<void> => {
    try {
      await take()
      inOrder = false
    } catch {
      inOrder &&= place === told
    }
    told += 1
  }
  for (let place = 0; place < waiters; place += 1) void wait(place)
  await nextTurn() // From which on a pool may count.
  const due = performance.now() + timeoutMs
  blockUntil(due)
  const collections = new Collections()
  const turns: Span[] = []
  while (told < waiters) {
    const startTime = turns.at(-1)?.endTime ?? performance.now()
    await nextTurn()
    turns.push({ startTime, endTime: performance.now() })
  }
  const lastLateMs = performance.now() - due
  await nextTurn()
  const lengths = turns.map(({ startTime, endTime }) => endTime - startTime)
  const work = turns.map((turn, index) => (lengths[index] ?? 0) - collections.within(turn))
  const longestTurnMs = longest(lengths)
  const longestWorkMs = longest(work)
  return { longestTurnMs, longestWorkMs, turns: turns.length, lastLateMs, inOrder }
}

/** Of very many: they are too many to be arguments. */
function longest(times: readonly number[]): number {
  return times.reduce((most, ms) => Math.max(most, ms), 0)
}

function blockUntil(due: number): void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  while (performance.now() <= due) Atomics.wait(never, 0, 0, due - performance.now())
}

interface Span {
  readonly startTime: number
  readonly endTime: number
}

/** When the garbage collector held the loop, from now on. */
class Collections {
  readonly #entries: PerformanceEntry[] = []
  readonly #observer = new PerformanceObserver((list) => this.#entries.push(...list.getEntries()))

  constructor() {
    this.#observer.observe({ entryTypes: ['gc'] })
  }

  /** How much of a turn it took, in ms. */
  within({ startTime, endTime }: Span): number {
    let ms = 0
    for (const entry of this.#entries) {
      const from = Math.max(startTime, entry.startTime)
      const to = Math.min(endTime, entry.startTime + entry.duration)
      ms += Math.max(0, to - from)
    }
    return ms
  }
}
