import { Fault } from '../fault.ts'
import { settle } from '../stopwatch.ts'
import { openContestant, openWithSignals, type Queue, type Signals } from './queue.ts'
import { type Effort, heapInUse, nsPerOperation, warmUp } from './sample.ts'

/** So many waiters queued and drained, by whatever pool. */
export async function contestantPoint(
  name: string,
  waiters: number,
  effort: Effort,
): Promise<Record<string, number>> {
  return await waitersPoint(() => openContestant(name), waiters, effort)
}

/** The same by connpool, whose waiters have no signal, one for all of them, or one each. */
export async function signalPoint(
  kind: string,
  waiters: number,
  effort: Effort,
): Promise<Record<string, number>> {
  // They are there before anything is weighed: a signal is the caller's, what the pool puts on it is the pool's.
  const signals = signalsOf(kind, Math.max(waiters, effort.weighed))
  return await waitersPoint(async () => openWithSignals(signals), waiters, effort)
}

function signalsOf(kind: string, count: number): Signals {
  if (kind === 'no-signal') return 'none'
  const length = kind === 'shared-signal' ? 1 : count
  return Array.from({ length }, () => new AbortController().signal)
}

async function waitersPoint(
  open: () => Promise<Queue>,
  waiters: number,
  effort: Effort,
): Promise<Record<string, number>> {
  const standing = await Line.behind(await open(), new Array(waiters).fill(null))
  const cycle = {
    operations: waiters,
    run: () => {
      standing.queueUp(0)
      return standing.drain()
    },
  }
  const times = await warmUp(cycle, effort)
  const bytes = await weigh(open, waiters, effort)
  return { ns: await nsPerOperation(cycle, times, effort), bytes }
}

/**
 * Bytes that one waiter keeps alive: its promise, and all that the pool holds for it. Of short queues many are weighed together,
 * each before a pool of its own, new, so that nothing has room left from earlier waiters.
 */
async function weigh(
  open: () => Promise<Queue>,
  waiters: number,
  { weighed }: Effort,
): Promise<number> {
  const lines: Line<unknown>[] = []
  const pools = Math.min(1_000, Math.ceil(weighed / waiters))
  for (let pool = 0; pool < pools; pool += 1) {
    lines.push(await Line.behind(await open(), new Array(waiters).fill(null)))
  }
  await settle()
  const before = heapInUse()
  for (const [place, line] of lines.entries()) line.queueUp(place * waiters)
  const bytes = (heapInUse() - before) / (pools * waiters)
  for (const line of lines) await line.drain()
  return bytes
}

/** Waiters for the one connection of a pool, which is always lent. The callers hold nothing but their promises. */
class Line<Held> {
  readonly #queue: Queue<Held>
  readonly #promises: (Promise<Held> | null)[]
  #held: Held

  static async behind<Held>(
    queue: Queue<Held>,
    places: (Promise<Held> | null)[],
  ): Promise<Line<Held>> {
    return new Line(queue, places, await queue.take(0))
  }

  private constructor(queue: Queue<Held>, places: (Promise<Held> | null)[], held: Held) {
    this.#queue = queue
    this.#promises = places
    this.#held = held
  }

  queueUp(firstSignal: number): void {
    const promises = this.#promises
    for (let place = 0; place < promises.length; place += 1) {
      promises[place] = this.#queue.take(firstSignal + place)
    }
  }

  /** One after the other, so that each hand-over waits for the one before. */
  async drain(): Promise<void> {
    const promises = this.#promises
    for (let place = 0; place < promises.length; place += 1) {
      const promise = promises[place]
      if (promise === undefined || promise === null) throw new Fault('nobody stands there')
      this.#queue.giveBack(this.#held)
      this.#held = await promise
      promises[place] = null
    }
  }
}
