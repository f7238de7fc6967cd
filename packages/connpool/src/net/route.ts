import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import type { Clock } from '../pool/clock.ts'
import { show } from '../pool/rules.ts'
import { showAddress } from './address.ts'
import type { AddressBook } from './address-book.ts'
import { type DialAddress, type DialOptions, dial, tune, untilConnected } from './dial.ts'
import { endureErrors } from './endure-errors.ts'
import { orAbort } from './patience.ts'
import type { Phases } from './phases.ts'
import { race } from './race.ts'

/** A stream that was dialled, and where it leads. */
export interface Dialled {
  readonly stream: Duplex
  readonly address: string
}

/** A way to the server: everything up to a connected stream. */
export type Route = (phases: Phases) => Promise<Dialled>

/** What a dialer of the user's own is told. */
export interface ConnectContext {
  /** Aborts when the connection is not wanted any more. */
  readonly signal: AbortSignal
  /** The host, where the options name one. */
  readonly host?: string | undefined
  /** The port, where the options name one. */
  readonly port?: number | undefined
}

/** A dialer of the user's own: through a proxy, a tunnel, or whatever else ends in a stream. */
export type Connect<S> = (context: ConnectContext) => Promise<S> | S

/** To the one address that there is. */
export function toAddress(to: DialAddress, options: DialOptions): Route {
  const address = showAddress(to)
  return (phases) =>
    phases.run('connect', address, async (signal) => ({
      stream: await dial(to, options, signal),
      address,
    }))
}

/** To whichever address of a host name answers first. */
export function toName(book: AddressBook, options: DialOptions, clock: Required<Clock>): Route {
  const { name, port } = book
  const show = (host: string) => book.show(host)
  return async (phases) => {
    const addresses = await phases.run('lookup', name, (signal) => book.take(signal))
    const [only = name] = addresses
    const place = addresses.length === 1 ? show(only) : name
    const { socket, address } = await phases.run('connect', place, (signal) =>
      race(
        {
          addresses,
          dial: (host, signal) => dial({ host, port }, options, signal),
          dialled: (host, connected) => book.dialled(host, connected),
          show,
        },
        clock,
        signal,
      ),
    )
    return { stream: socket, address: show(address) }
  }
}

/**
 * As the user dials. A socket that still connects, or agrees on TLS, is waited for; what comes too late
 * is destroyed.
 */
export function byOwnDialer(
  connect: Connect<Duplex>,
  place: string,
  target: Omit<ConnectContext, 'signal'>,
  options: DialOptions,
): Route {
  const answered = new WeakSet<Duplex>()
  return (phases) =>
    phases.run('connect', place, async (signal) => {
      const dialling = answerOf(connect, { ...target, signal }, answered)
      dialling.then(
        (stream) => signal.aborted && stream.destroy(),
        () => {},
      )
      const stream = await orAbort(dialling, signal)
      if (stream.destroyed) throw stream.errored ?? new Error('connect() answered a closed stream')
      await untilConnected(stream, signal)
      if (stream instanceof Socket) tune(stream, options)
      return { stream, address: place }
    })
}

/**
 * Asks a dialer of the user's own. In a microtask, so that its answer is seen ahead of the next tick, in
 * which the stream may err: without a listener by then it would end the process.
 */
async function answerOf(
  connect: Connect<Duplex>,
  context: ConnectContext,
  answered: WeakSet<Duplex>,
): Promise<Duplex> {
  await null
  context.signal.throwIfAborted()
  const answer: unknown = await connect(context)
  if (!(answer instanceof Duplex)) {
    throw wrongAnswer(`connect() answered ${show(answer)}; it must answer a Duplex stream`)
  }
  // Law 1: two connections would share it.
  if (answered.has(answer) && !answer.destroyed) {
    throw wrongAnswer(
      'connect() answered a stream that it had answered before; each must be a new one',
    )
  }
  answered.add(answer)
  endureErrors(answer)
  return answer
}

function wrongAnswer(message: string): Error {
  return Object.assign(new TypeError(message), { code: 'ERR_INVALID_RETURN_VALUE' })
}
