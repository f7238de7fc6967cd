import type { Socket } from 'node:net'
import { arisenIn } from '../pool/failure.ts'
import type { CreateContext } from '../pool/source.ts'
import { type PathAddress, showAddress, type TcpAddress } from './address.ts'
import { type DialOptions, dial } from './dial.ts'
import { enterCustody, socketCustody } from './vitals.ts'

/** What `handshake` is told besides its socket. */
export interface HandshakeContext {
  /** Aborts when the connection is not wanted any more; the socket is then destroyed. */
  readonly signal: AbortSignal
  /** Where the socket is connected to, as `host:port` or a path. */
  readonly address: string
}

/** What makes a connection ready to be lent: login, hello, the choice of a database. */
export type Handshake = (socket: Socket, context: HandshakeContext) => unknown

/**
 * Makes connections: dial, then handshake, one straight line under one signal. Each failure notes
 * where it arose.
 */
export async function connectSocket(
  target: TcpAddress | PathAddress,
  options: DialOptions & { readonly handshake?: Handshake | undefined },
  { signal, died }: CreateContext,
  now: () => number,
): Promise<Socket> {
  const address = showAddress(target)
  const begun = now()
  const socket = await dial(target, options, signal).catch((error: unknown) => {
    throw arisenIn('connect', error, address)
  })
  const connected = now()
  const timings: { connect: number; handshake?: number } = { connect: connected - begun }
  if (options.handshake !== undefined) {
    try {
      await shakeHands(socket, options.handshake, { signal, address })
      if (socket.destroyed) throw endOf(socket, address)
    } catch (error) {
      socket.destroy()
      throw arisenIn('handshake', error, address)
    }
    timings.handshake = now() - connected
  }
  enterCustody(socket, { address, timings: Object.freeze(timings) }, died)
  // As after a lease. What the handshake left unread is found before the socket is lent.
  socketCustody.park(socket)
  return socket
}

/** Ends when the hook does, and no later than the socket or the signal. */
async function shakeHands(
  socket: Socket,
  handshake: Handshake,
  context: HandshakeContext,
): Promise<void> {
  const { signal, address } = context
  let giveUp = (_reason: unknown): void => {}
  const ended = new Promise<never>((_resolve, reject) => {
    giveUp = reject
  })
  ended.catch(() => {})
  const closed = () => giveUp(endOf(socket, address))
  const abort = () => giveUp(signal.reason)
  socket.on('close', closed)
  signal.addEventListener('abort', abort, { once: true })
  try {
    signal.throwIfAborted()
    await Promise.race([handshake(socket, context), ended])
  } finally {
    socket.off('close', closed)
    signal.removeEventListener('abort', abort)
  }
}

/** Why a socket is closed: its error, or else its peer. */
function endOf(socket: Socket, address: string): Error {
  return socket.errored ?? new Error(`${address} closed the connection`)
}
