import { type Clock, LONGEST_TIMER_MS } from '../pool/clock.ts'

/**
 * What a promise answers, unless that takes longer than `ms` or `signal` aborts. The time does not
 * hold the process, and its timer is gone once this is settled.
 * @throws an error with code `ETIMEDOUT` that says what was `late`, or the signal's reason; by
 * rejecting.
 */
export function withinTime<R>(
  promise: Promise<R>,
  ms: number,
  clock: Required<Clock>,
  signal: AbortSignal,
  late = 'no answer',
): Promise<R> {
  if (!isLimit(ms) || signal.aborted) return orAbort(promise, signal)
  return new Promise((resolve, reject) => {
    const settle = () => {
      timer.close()
      signal.removeEventListener('abort', abort)
    }
    const abort = () => {
      settle()
      reject(signal.reason)
    }
    const timer = clock.setTimeout(() => reject(timeoutError(late, ms)), Math.max(1, Math.ceil(ms)))
    timer.unref()
    signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(settle)
  })
}

/** Whether a time is a limit at all: not if it is longer than a timer runs. */
export function isLimit(ms: number): boolean {
  return ms <= LONGEST_TIMER_MS
}

/**
 * What a promise answers, unless `signal` aborts first.
 * @throws the signal's reason, by rejecting.
 */
export function orAbort<R>(promise: Promise<R>, signal: AbortSignal): Promise<R> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason)
    if (signal.aborted) abort()
    else signal.addEventListener('abort', abort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort))
  })
}

/** The error of what took too long. */
export function timeoutError(late: string, ms: number): Error {
  return Object.assign(new Error(`${late} within ${ms} ms`), { code: 'ETIMEDOUT' })
}
