import { connect, type Socket } from 'node:net'
import type { PathAddress, TcpAddress } from './address.ts'

/** How a TCP pool dials. */
export interface DialOptions {
  /** Local IP address to dial from. Default: the system's choice. */
  readonly localAddress?: string | undefined
  /** IP version of the address that a host name resolves to: 4, 6, or 0 for either. Default 0. */
  readonly family?: 0 | 4 | 6 | undefined
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
}

const KEEP_ALIVE_DELAY_MS = 30_000

/**
 * Opens a TCP connection. The socket has one `error` listener for life: a connection reset while
 * nobody listens would otherwise end the process. Whoever wants the error reads `socket.errored` at
 * its `close`. It does not hold the process until it is lent; only while it is opened Node holds the
 * process whatever is unref'd, so that `createTimeoutMs` bounds it.
 * @throws the system's error, or the reason of `signal`, which is an Error, by rejecting; no socket
 * is left then.
 */
export function dial(
  address: TcpAddress | PathAddress,
  options: DialOptions,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const { localAddress, family } = options
    const socket = connect({
      ...address,
      ...(localAddress !== undefined && { localAddress }),
      ...(family !== undefined && { family }),
    })
    const abort = () => socket.destroy(signal.reason)
    const settle = () => {
      signal.removeEventListener('abort', abort)
      socket.off('connect', connected)
      socket.off('close', closed)
    }
    const connected = () => {
      settle()
      resolve(socket)
    }
    const closed = () => {
      settle()
      reject(socket.errored ?? new Error('the connection was closed while it was opened'))
    }
    socket.on('error', () => {})
    socket.on('connect', connected)
    socket.on('close', closed)
    signal.addEventListener('abort', abort, { once: true })
    socket.unref()
    // Setters, not options: they serve every kind of socket alike.
    socket.setNoDelay(options.noDelay ?? true)
    const keepAlive = options.keepAlive ?? {}
    if (keepAlive !== false) socket.setKeepAlive(true, keepAlive.delayMs ?? KEEP_ALIVE_DELAY_MS)
  })
}
