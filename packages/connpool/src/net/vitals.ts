import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { About } from '../pool/cargo.ts'
import { type Custody, UnreadBytesError } from '../pool/custody.ts'
import { listen, still, unlisten } from './flow.ts'

const WATCH = Symbol('connpool.watch')

/** What is remembered of a pooled socket, on the socket: a map would cost more than all the rest. */
interface Watch {
  readonly about: About
  /** Tells the pool that the connection is of no more use. */
  readonly died: (error?: unknown) => void
  /** The `readable` listener is on. */
  watching: boolean
  /** It may not hold the process. */
  unrefd: boolean
  /** The encoding that its handshake left, which is what every borrower expects. */
  readonly encoding: BufferEncoding | null
}

/** Of a user's own dialer it may be another stream than a socket, without what only sockets have. */
type WatchedSocket = Duplex &
  Partial<Pick<Socket, 'ref' | 'unref' | 'setTimeout' | 'timeout'>> & { [WATCH]?: Watch }

/**
 * Watches and judges sockets. A dead or dirty one is known by its own state, in about a nanosecond,
 * once the loop has polled; a parked one reports itself.
 *
 * The watch is a `readable` listener: the only one that sees both an end and late bytes without
 * eating any, and leaves the socket fit for every style of reading. From its return on a socket is
 * as a new one, neither flowing nor paused; one that somebody reads while it is idle is not lent.
 */
export const socketCustody: Custody<Duplex> = {
  park(socket: WatchedSocket): boolean {
    const watch = socket[WATCH]
    if (watch === undefined || !isSound(socket) || !isIntact(socket, watch)) return false
    if (socket.readableFlowing !== null) still(socket)
    while (socket.writableCorked > 0) socket.uncork()
    if (socket.timeout) socket.setTimeout?.(0)
    watch.unrefd = true // Its borrower may have told it so.
    return true
  },

  lend(socket: WatchedSocket): boolean {
    const watch = socket[WATCH]
    if (!isSound(socket) || watch === undefined) return false
    if (socket.readableFlowing !== null) {
      if (watch.watching) return false
      still(socket) // A tick that the last borrower left behind had it flow.
    }
    if (watch.watching) {
      watch.watching = false
      unlisten(socket, onReadable)
    }
    if (watch.unrefd) {
      watch.unrefd = false
      socket.ref?.()
    }
    return true
  },

  isAlive,

  flushed(socket: Duplex): boolean {
    return socket.writableLength === 0
  },

  flush(socket: Duplex, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => reject(signal.reason)
      signal.addEventListener('abort', abort, { once: true })
      // Writes are in order: once this one is done, so are those before it.
      socket.write('', (error) => {
        signal.removeEventListener('abort', abort)
        if (error) reject(error)
        else resolve()
      })
    })
  },

  about(socket: WatchedSocket): About {
    return socket[WATCH]?.about ?? {}
  },

  watch(socket: WatchedSocket): void {
    const watch = socket[WATCH]
    if (watch === undefined || watch.watching) return
    watch.watching = true
    watch.unrefd = true
    if (socket.readableFlowing !== null) still(socket)
    // What came since the release was not listened for.
    if (socket.readableLength > 0) process.nextTick(heed, socket)
    listen(socket, onReadable)
    socket.unref?.()
  },
}

/** Takes a socket into custody: from now on it reports its own end to `died`. */
export function enterCustody(socket: Duplex, about: About, died: (error?: unknown) => void): void {
  const watched: WatchedSocket = socket
  const encoding = socket.readableEncoding
  watched[WATCH] = { about, died, watching: false, unrefd: true, encoding }
  socket.on('close', () => died(socket.errored ?? undefined))
}

/** Neither ended nor closed, as far as the loop has seen. */
function isAlive(socket: Duplex): boolean {
  return !socket.destroyed && !socket.readableEnded && socket.writable
}

/** Alive, and nothing in it that its next borrower would read. */
function isSound(socket: Duplex): boolean {
  return isAlive(socket) && socket.readableLength === 0
}

/** As it was lent: with our listeners, and without an encoding, which may hold half a letter back. */
function isIntact(socket: Duplex, { encoding }: Watch): boolean {
  const listened = socket.listenerCount('error') > 0 && socket.listenerCount('close') > 0
  return listened && socket.readableEncoding === encoding
}

/** Something happened to a parked socket: bytes that nobody asked for, or the end. */
function heed(socket: WatchedSocket): void {
  const watch = socket[WATCH]
  if (watch === undefined || !watch.watching) return
  if (socket.readableLength > 0) watch.died(new UnreadBytesError(socket.readableLength))
}

function onReadable(this: Duplex): void {
  heed(this as WatchedSocket) // Only such have it.
}
