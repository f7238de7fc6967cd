import { connect, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { TLSSocket } from 'node:tls'
import type { PathAddress } from './address.ts'
import { endureErrors } from './endure-errors.ts'

/** How a TCP pool dials. */
export interface DialOptions {
  /** Local IP address to dial from. Default: the system's choice. */
  readonly localAddress?: string | undefined
  /** Sends small writes at once (TCP_NODELAY). Default true. */
  readonly noDelay?: boolean | undefined
  /** TCP keepalive: finds a dead peer while nothing is sent. Default: on, with `delayMs` 30,000. */
  readonly keepAlive?: false | KeepAlive | undefined
}

/** How a silent peer is found out. */
export interface KeepAlive {
  /**
   * Silence after which the first keepalive packet goes out, in ms, rounded down to seconds. 1,000
   * to 32,767,000; default 30,000.
   */
  readonly delayMs?: number | undefined
  /**
   * Time between further packets while nothing comes back, in ms, rounded down to seconds. 1,000 to
   * 32,767,000; default 1,000. Node 24 and newer; older ones always take 1 s.
   */
  readonly intervalMs?: number | undefined
  /**
   * Packets without an answer after which the connection is dead. 1 to 127; default 10. Node 24 and
   * newer; older ones always take 10.
   */
  readonly count?: number | undefined
}

const KEEP_ALIVE_DELAY_MS = 30_000

/** One address, as the system dials it. */
export type DialAddress = PathAddress | { readonly host: string; readonly port: number }

/**
 * Opens a TCP connection to one address. The socket has one `error` listener for life: a connection
 * reset while nobody listens would otherwise end the process. Whoever wants the error reads
 * `socket.errored` at its `close`. It does not hold the process until it is lent; only while it is
 * opened Node holds the process whatever is unref'd, so that `createTimeoutMs` bounds it.
 * @throws the system's error, or the reason of `signal`, which is an Error, by rejecting; no socket
 * is left then.
 */
export async function dial(
  address: DialAddress,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Socket> {
  signal.throwIfAborted()
  const { localAddress } = options
  const socket = connect({ ...address, ...(localAddress !== undefined && { localAddress }) })
  endureErrors(socket)
  socket.unref()
  tune(socket, options)
  await connected(socket, signal)
  return socket
}

/**
 * Waits for a socket of somebody else's that still connects, or agrees on TLS.
 * @throws as `connected`.
 */
export async function untilConnected(stream: Duplex, signal: AbortSignal): Promise<void> {
  if (stream instanceof TLSSocket) {
    // What tells of the end of the handshake, before anybody has verified anything.
    if (stream.getPeerFinished() === undefined) await connected(stream, signal, 'secure')
  } else if (stream instanceof Socket && stream.connecting) await connected(stream, signal)
}

/**
 * Waits for a socket that is being dialled, or that agrees on TLS.
 * @throws its error, or the reason of `signal`, by rejecting; it is destroyed then.
 */
function connected(
  socket: Socket,
  signal: AbortSignal,
  event: 'connect' | 'secure' = 'connect',
): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => socket.destroy(signal.reason)
    const settle = () => {
      signal.removeEventListener('abort', abort)
      socket.off(event, opened)
      socket.off('close', closed)
    }
    const opened = () => {
      if (socket.destroyed) return // Its certificate was refused in the same moment.
      settle()
      resolve()
    }
    const closed = () => {
      settle()
      reject(socket.errored ?? new Error('the connection was closed while it was opened'))
    }
    socket.on(event, opened)
    socket.on('close', closed)
    signal.addEventListener('abort', abort, { once: true })
    if (signal.aborted) abort()
  })
}

/** Sets what every TCP connection of a pool has. By setters: they serve every kind of socket alike. */
export function tune(socket: Socket, { noDelay = true, keepAlive = {} }: DialOptions): void {
  socket.setNoDelay(noDelay)
  if (keepAlive === false) return
  const { delayMs = KEEP_ALIVE_DELAY_MS, intervalMs, count } = keepAlive
  const setKeepAlive: SetKeepAlive = socket.setKeepAlive
  if (intervalMs === undefined && count === undefined) setKeepAlive.call(socket, true, delayMs)
  else setKeepAlive.call(socket, true, delayMs, intervalMs, count)
}

/** As in Node 24; older ones do not look at what they do not know. */
type SetKeepAlive = (on: boolean, delayMs: number, intervalMs?: number, count?: number) => unknown
