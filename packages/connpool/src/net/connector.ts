import { Duplex } from 'node:stream'
import type { Clock } from '../pool/clock.ts'
import type { CreateContext } from '../pool/source.ts'
import { endureErrors } from './dial.ts'
import { orAbort } from './patience.ts'
import { Phases } from './phases.ts'
import type { Dialled, Route } from './route.ts'
import { secure } from './secure.ts'
import type { SocketCustody } from './socket-custody.ts'
import type { TlsSettings } from './tls-options.ts'

/** What `handshake` is told besides its socket. */
export interface HandshakeContext {
  /** Aborts when the connection is not wanted any more; the socket is then destroyed. */
  readonly signal: AbortSignal
  /** Where the socket is connected to: IP address and port, or a path. */
  readonly address: string
}

/**
 * What makes a connection ready to be lent: login, hello, the choice of a database. A stream that it
 * answers takes the socket's place, as after STARTTLS; nothing else that it answers is looked at.
 */
export type Handshake<S> = (socket: S, context: HandshakeContext) => unknown

/** How the connections of a pool are made. */
export interface ConnectPlan {
  readonly route: Route
  /** null: the connection stays plain. */
  readonly tls: TlsSettings | null
  /** How long the TLS handshake may take, in ms. */
  readonly tlsTimeoutMs: number
  readonly handshake: Handshake<Duplex> | undefined
  /** How long the handshake may take, in ms. */
  readonly handshakeTimeoutMs: number
  readonly clock: Required<Clock>
  readonly custody: SocketCustody
}

/**
 * Makes connections: dial, TLS, handshake, one straight line under one signal. Each failure notes
 * where it arose, and leaves no socket.
 */
export async function connectStream(
  { route, tls, tlsTimeoutMs, handshake, handshakeTimeoutMs, clock, custody }: ConnectPlan,
  { signal, died }: CreateContext,
): Promise<Duplex> {
  const phases = new Phases(clock, signal)
  const dialled = await route(phases)
  const { address } = dialled
  let { stream } = dialled
  try {
    if (tls !== null) {
      stream = await phases.run('tls', address, tlsTimeoutMs, (signal) =>
        secure(dialled.stream, tls, { address, signal }),
      )
    }
    if (handshake !== undefined) {
      const shaken = { stream, address }
      stream = await phases.run('handshake', address, handshakeTimeoutMs, (signal) =>
        shakeHands(shaken, handshake, signal),
      )
      if (stream !== shaken.stream) joinFates(stream, shaken.stream)
    }
    custody.enter(stream, { address, timings: phases.timings }, died)
    return stream
  } catch (error) {
    stream.destroy()
    throw error
  }
}

/** What took a stream's place ends with it. */
function joinFates(stream: Duplex, beneath: Duplex): void {
  stream.on('close', () => beneath.destroy())
  beneath.on('close', () => stream.destroy())
}

/** Ends when the hook does, and no later than the socket or the signal. */
async function shakeHands(
  { stream, address }: Dialled,
  handshake: Handshake<Duplex>,
  signal: AbortSignal,
): Promise<Duplex> {
  let giveUp = (_reason: unknown): void => {}
  const ended = new Promise<never>((_resolve, reject) => {
    giveUp = reject
  })
  const closed = () => giveUp(endOf(stream, address))
  stream.on('close', closed)
  try {
    const shaking = (async () => handshake(stream, { signal, address }))()
    const answer = await orAbort(Promise.race([shaking, ended]), signal)
    const ready = answer instanceof Duplex ? answer : stream
    if (ready !== stream) endureErrors(ready)
    if (ready.destroyed) throw endOf(ready, address)
    return ready
  } finally {
    stream.off('close', closed)
  }
}

/** Why a stream is closed: its error, or else its peer. */
function endOf(stream: Duplex, address: string): Error {
  return stream.errored ?? new Error(`${address} closed the connection`)
}
