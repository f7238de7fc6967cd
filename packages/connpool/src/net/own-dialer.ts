import { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { show } from '../pool/rules.ts'
import { type DialOptions, tune, untilConnected } from './dial.ts'
import { endureErrors } from './endure-errors.ts'
import type { Route } from './route.ts'
import type { Tls } from './tls-options.ts'

/** What a dialer of the user's own is told. */
export interface ConnectContext {
  /** Aborts when the connection is not wanted any more. */
  readonly signal: AbortSignal
  /** The host, where the options name one. */
  readonly host?: string | undefined
  /** The port, where the options name one. */
  readonly port?: number | undefined
}

/** Answers a stream of its own making, or a promise of one; each time a new one. */
export type Connect<S> = (context: ConnectContext) => Promise<S> | S

/** A dialer of the user's own, and what it is told. */
export interface OwnDialer<S extends Duplex = Duplex> {
  /**
   * Dials instead of the pool: through a proxy, a tunnel, or whatever else ends in a stream. What it
   * throws is a failed dial; a stream that comes after `signal` aborted is destroyed.
   */
  readonly connect: Connect<S>
  /** Host name or IP address that `connect` is told, and that the pool is named after. */
  readonly host?: string | undefined
  /** Port that `connect` is told, 1 to 65535. */
  readonly port?: number | undefined
}

/** A dialer of the user's own, on whose streams the pool puts TLS: what is lent is not what it answers. */
export interface OwnTlsDialer extends OwnDialer {
  readonly tls: Exclude<Tls, 'off'>
}

/**
 * As the user dials. A socket that still connects, or agrees on TLS, is waited for; what comes too late
 * is destroyed.
 */
export function byOwnDialer(
  { connect, host, port }: OwnDialer,
  place: string,
  options: DialOptions,
): Route {
  const target = { ...(host !== undefined && { host }), ...(port !== undefined && { port }) }
  const answered = new WeakSet<Duplex>()
  return (phases) =>
    phases.run('connect', place, async (signal) => {
      // Law 3: a dialer that goes on after its signal aborted holds its place, for all that it dials.
      const stream = await answerOf(connect, { ...target, signal }, answered).catch((error) => {
        throw signal.aborted ? signal.reason : error
      })
      if (signal.aborted) {
        stream.destroy()
        throw signal.reason
      }
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
