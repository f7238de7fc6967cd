import { Fault } from './fault.ts'
import { sentence } from './sentence.ts'

/** How long a row waits for what should come soon, in ms. What has not come by then is said not to come. */
export const patienceMs = 5_000

/** What has become of an acquire, or of anything else that may never settle. */
export type Outcome<T> =
  | { readonly is: 'served'; readonly value: T }
  | { readonly is: 'refused'; readonly error: unknown }
  | { readonly is: 'pending' }

/** What becomes of a promise within `ms`. Never rejects. */
export async function outcome<T>(
  promise: Promise<T>,
  ms: number = patienceMs,
): Promise<Outcome<T>> {
  let timer: NodeJS.Timeout | undefined
  const overdue = new Promise<Outcome<T>>((resolve) => {
    timer = setTimeout(() => resolve({ is: 'pending' }), ms)
  })
  try {
    return await Promise.race([settled(promise), overdue])
  } finally {
    clearTimeout(timer)
  }
}

/** What becomes of a promise within 100 turns of the event loop: for what should be at once, or not yet. */
export async function outcomeAtOnce<T>(promise: Promise<T>): Promise<Outcome<T>> {
  return Promise.race([settled(promise), turns(100).then((): Outcome<T> => ({ is: 'pending' }))])
}

/** What the promise resolves to. A Fault that says what it did instead, where it does not within `ms`. */
export async function served<T>(promise: Promise<T>, ms: number = patienceMs): Promise<T> {
  const end = await outcome(promise, ms)
  if (end.is === 'served') return end.value
  throw new Fault(end.is === 'refused' ? `refused: ${sentence(end.error)}` : `never served`)
}

/** Resolves after so many turns of the event loop, each with a poll for I/O. */
export async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise(setImmediate)
}

/** '' when all were served. A Fault that counts those who were turned away, or who wait for ever. */
export function allServed(ends: readonly Outcome<unknown>[]): string {
  const refused = ends.filter(({ is }) => is === 'refused').length
  const pending = ends.filter(({ is }) => is === 'pending').length
  if (refused > 0) throw new Fault(`${refused} of ${ends.length} refused`)
  if (pending > 0) throw new Fault(`${pending} of ${ends.length} never served`)
  return ''
}

function settled<T>(promise: Promise<T>): Promise<Outcome<T>> {
  return promise.then(
    (value) => ({ is: 'served', value }),
    (error: unknown) => ({ is: 'refused', error }),
  )
}
