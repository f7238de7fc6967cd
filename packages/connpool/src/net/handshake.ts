import { Duplex } from 'node:stream'
import { untilConnected } from './dial.ts'
import { discard, endureErrors } from './endure-errors.ts'
import { orAbort } from './patience.ts'
import type { Dialled } from './route.ts'

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

/**
 * Calls the hook. Ends when it does, and no later than the stream or the signal. Answers the stream
 * that is ready to be lent.
 * @throws what the hook throws, what ended the stream, or the reason of `signal`; by rejecting.
 */
export async function shakeHands(
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
  const shaking = (async () => handshake(stream, { signal, address }))()
  try {
    const answer = await orAbort(Promise.race([shaking, ended]), signal)
    const ready = answer instanceof Duplex ? answer : stream
    if (ready !== stream) replace(stream, ready)
    if (ready.destroyed) throw endOf(ready, address)
    if (ready !== stream) await untilConnected(ready, signal)
    return ready
  } catch (error) {
    // A stream that it answers after all is nobody's.
    shaking.then((late) => late instanceof Duplex && discard(late), ignore)
    throw error
  } finally {
    stream.off('close', closed)
  }
}

function ignore(): void {}

/** What takes a stream's place ends with it. */
function replace(beneath: Duplex, stream: Duplex): void {
  endureErrors(stream)
  stream.on('close', () => beneath.destroy())
  beneath.on('close', () => stream.destroy())
}

/** Why a stream is closed: its error, or else its peer. */
function endOf(stream: Duplex, address: string): Error {
  return stream.errored ?? new Error(`${address} closed the connection`)
}
