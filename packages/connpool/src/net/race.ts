import { setMaxListeners } from 'node:events'
import type { Socket } from 'node:net'
import type { Clock, Timer } from '../pool/clock.ts'
import { describe } from '../pool/describe.ts'
import { classOf, codeOf } from '../pool/failure.ts'

/** Time before the next address is tried beside one that does not answer, in ms: RFC 8305, section 5. */
const ATTEMPT_DELAY_MS = 250

/** Whom an attempt goes to, and what to do with it. */
export interface Race {
  /** The addresses in order, at least one. */
  readonly addresses: readonly string[]
  readonly dial: (address: string, signal: AbortSignal) => Promise<Socket>
  /** Told of each attempt that ended: one that was outrun by a later one did not connect. */
  readonly dialled: (address: string, connected: boolean) => void
  /** An address in a message. */
  readonly show: (address: string) => string
}

/**
 * Dials one address after the other until one answers (RFC 8305, "Happy Eyeballs"): the next one
 * once an attempt failed, or beside one that has not answered for 250 ms. The first to answer is
 * taken; the others are given up.
 * @throws the error of the only address, an AggregateError of all of them, or the reason of `signal`;
 * by rejecting. No socket is left then.
 */
export function race(
  { addresses, dial, dialled, show }: Race,
  clock: Required<Clock>,
  signal: AbortSignal,
): Promise<{ readonly socket: Socket; readonly address: string }> {
  return new Promise((resolve, reject) => {
    const attempts = new AbortController()
    setMaxListeners(0, attempts.signal) // One an attempt: Node would warn of the eleventh.
    const failures: unknown[] = []
    let begun = 0
    let failed = 0
    let timer: Timer | null = null

    const end = (why: unknown) => {
      timer?.close()
      timer = null
      signal.removeEventListener('abort', abort)
      attempts.abort(why)
    }
    const abort = () => {
      end(signal.reason)
      reject(signal.reason)
    }
    const attempt = () => {
      timer?.close()
      timer = null
      const index = begun++
      const address = addresses[index]
      if (address === undefined) return
      dial(address, attempts.signal).then(
        (socket) => won(socket, address),
        (error) => lost(error, address, index),
      )
      if (begun === addresses.length || attempts.signal.aborted) return
      timer = clock.setTimeout(attempt, ATTEMPT_DELAY_MS)
      timer.unref()
    }
    const won = (socket: Socket, address: string) => {
      if (attempts.signal.aborted) {
        socket.destroy()
        return
      }
      for (const outrun of addresses.slice(0, addresses.indexOf(address))) dialled(outrun, false)
      dialled(address, true)
      end(new Error(`${show(address)} answered first`))
      resolve({ socket, address })
    }
    const lost = (error: unknown, address: string, index: number) => {
      if (attempts.signal.aborted) return
      dialled(address, false)
      failures[index] = error
      if (begun < addresses.length) attempt()
      if (++failed < addresses.length) return
      end(error)
      reject(failures.length === 1 ? error : allFailed(failures, addresses.map(show)))
    }

    if (signal.aborted) abort()
    else {
      signal.addEventListener('abort', abort, { once: true })
      attempt()
    }
  })
}

/** One error for all, whose code is what says most of the backend. */
function allFailed(failures: readonly unknown[], addresses: readonly string[]): AggregateError {
  const each = failures.map(
    (error, index) => `${addresses[index]}: ${codeOf(error) ?? describe(error)}`,
  )
  const telling = failures.find((error) => classOf(error) !== 'local') ?? failures[0]
  const message = `none of ${failures.length} addresses could be connected to: ${each.join('; ')}`
  return Object.assign(new AggregateError(failures, message), { code: codeOf(telling) })
}
