import { setTimeout as pause } from 'node:timers/promises'
import { type Lease, type Pool, PoolError } from 'connpool'
import type { Backend } from './backend.ts'

/** More than there are connections, so that some always wait. */
const BORROWERS = 16
/** What a borrower does between two questions. */
const THINK_MS = 10
/** A borrower's patience for an answer. */
export const PATIENCE_MS = 300
/** In turn, so that deadlines fall into every part of a fault. */
const DEADLINES_MS = [100, 250, 500, 1_000]

/** One acquire, and what became of it. */
export interface Acquire {
  readonly begunAt: number
  readonly deadlineAt: number
  readonly settledAt: number
  /** `served`, or the code of the error. */
  readonly end: string
  /** When it was refused for good: how many connections stood open. */
  readonly open: number
  readonly connectionId: number | undefined
}

/** Borrowers who acquire, ask something and give back, one after the other, each for itself. */
export class Load<T> {
  readonly acquires: Acquire[] = []
  /** Answers that were not to the question: somebody else's. */
  crossed = 0
  /** Questions without an answer: the connection broke, or patience ran out. */
  unanswered = 0
  readonly #pool: Pool<T>
  readonly #backend: Backend<T>
  readonly #successes: ((at: number) => void)[] = []
  readonly #borrowers: Promise<void>[]
  #asked = 0
  #over = false

  constructor(pool: Pool<T>, backend: Backend<T>) {
    this.#pool = pool
    this.#backend = backend
    this.#borrowers = Array.from({ length: BORROWERS }, () => this.#borrow())
  }

  /** Resolves with the time of the next answer. */
  success(): Promise<number> {
    return new Promise((resolve) => this.#successes.push(resolve))
  }

  /** Resolves when all have given back. */
  async stop(): Promise<void> {
    this.#over = true
    await Promise.all(this.#borrowers)
  }

  async #borrow(): Promise<void> {
    for (let turn = 0; !this.#over; turn++) {
      const lease = await this.#acquire(DEADLINES_MS[turn % DEADLINES_MS.length] ?? 0)
      if (lease !== undefined) await this.#use(lease)
      await pause(THINK_MS)
    }
  }

  async #acquire(timeoutMs: number): Promise<Lease<T> | undefined> {
    const begunAt = performance.now()
    const note = (end: string, connectionId?: number): void => {
      const settledAt = performance.now()
      const { idle, inUse } = this.#pool.stats()
      const deadlineAt = begunAt + timeoutMs
      const open = end === 'served' ? 0 : idle + inUse
      this.acquires.push({ begunAt, deadlineAt, settledAt, end, open, connectionId })
    }
    try {
      const lease = await this.#pool.acquire({ timeoutMs })
      note('served', lease.info.id)
      return lease
    } catch (error) {
      note(error instanceof PoolError ? error.code : String(error))
      return undefined
    }
  }

  async #use(lease: Lease<T>): Promise<void> {
    const question = ++this.#asked
    try {
      const asked = this.#backend.ask(lease.connection, question)
      const answer = await within(PATIENCE_MS, asked, lease.signal)
      if (answer !== String(question)) throw new Crossed(answer)
      lease.release()
      this.#succeed()
    } catch (error) {
      if (error instanceof Crossed && isNumber(error.message)) this.crossed += 1
      else this.unanswered += 1
      lease.destroy(error)
    }
  }

  #succeed(): void {
    const at = performance.now()
    for (const resolve of this.#successes.splice(0)) resolve(at)
  }
}

/** Its message is what was answered instead. */
class Crossed extends Error {}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text)
}

/** What it resolves to, unless the time is over or the signal aborts before. */
function within<A>(ms: number, answer: Promise<A>, signal: AbortSignal): Promise<A> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', abort)
      settle()
    }
    const abort = () => end(() => reject(signal.reason))
    const timer = setTimeout(() => end(() => reject(new Error('no answer in time'))), ms)
    signal.addEventListener('abort', abort)
    if (signal.aborted) abort()
    answer.then(
      (value) => end(() => resolve(value)),
      (error) => end(() => reject(error)),
    )
  })
}
