import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { About } from '../pool/cargo.ts'
import { type Custody, UnfitError } from '../pool/custody.ts'
import { listen, still, unlisten } from './flow.ts'

const WATCH = Symbol('connpool.watch')

/** What is remembered of a pooled socket, on the socket: a map would cost more than all the rest. */
interface Watch {
  readonly about: About
  /** Tells the pool that the connection is of no more use. */
  readonly died: (error?: unknown) => void
  /** Lent; given back in this turn of the loop; or idle, watched, and not holding the process. */
  stage: 'lent' | 'returned' | 'idle'
  /** It was never lent. */
  fresh: boolean
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
    if (socket.timeout) socket.setTimeout?.(0)
    watch.stage = 'returned'
    return true
  },

  lend(socket: WatchedSocket): boolean {
    const watch = socket[WATCH]
    if (!isSound(socket) || watch === undefined) return false
    if (socket.readableFlowing !== null) {
      if (watch.stage === 'idle') return false
      still(socket) // A tick that the last borrower left behind had it flow.
    }
    if (watch.stage === 'idle') unlisten(socket, onReadable)
    if (watch.stage !== 'lent') socket.ref?.() // Its last borrower may have unref'd it, too.
    watch.stage = 'lent'
    watch.fresh = false
    return true
  },

  isAlive,

  whyUnfit(socket: WatchedSocket): Error {
    const watch = socket[WATCH]
    if (watch === undefined) return new UnfitError('dirty', 'it is not in custody')
    const why = endOf(socket, watch) ?? dirtOf(socket, watch)
    return why ?? new UnfitError('dirty', 'it was not fit, and is again')
  },

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
    if (watch === undefined || watch.stage === 'idle') return
    watch.stage = 'idle'
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
  const watch: Watch = { about, died, stage: 'returned', fresh: true, encoding }
  watched[WATCH] = watch
  socket.on('close', () => died(endOf(socket, watch)))
}

/** Neither ended nor closed, as far as the loop has seen. */
function isAlive(socket: Duplex): boolean {
  return !socket.destroyed && !socket.readableEnded && socket.writable
}

/** Alive, and nothing in it that its next borrower would read. */
function isSound(socket: Duplex): boolean {
  return isAlive(socket) && socket.readableLength === 0
}

/**
 * As it was lent: with our listeners; without an encoding, which may hold half a letter back; and not
 * corked, which may hold back half of what was meant for the peer.
 */
function isIntact(socket: Duplex, { encoding }: Watch): boolean {
  const listened = socket.listenerCount('error') > 0 && socket.listenerCount('close') > 0
  return listened && socket.readableEncoding === encoding && socket.writableCorked === 0
}

/** Something happened to a parked socket: bytes that nobody asked for, or the end. */
function heed(socket: WatchedSocket): void {
  const watch = socket[WATCH]
  if (watch?.stage !== 'idle') return
  if (socket.readableLength > 0) watch.died(dirtOf(socket, watch))
}

/** What ended a socket; undefined while it lives. */
function endOf(socket: Duplex, watch: Watch): Error | undefined {
  if (isAlive(socket)) return undefined
  if (socket.errored !== null) return socket.errored
  const end = socket.readableEnded ? 'ended' : socket.destroyed ? 'destroyed' : 'end() was called'
  return new UnfitError('died', `${end} ${spellOf(watch)}`)
}

/** What makes a living socket unfit; undefined for a sound one. */
function dirtOf(socket: Duplex, watch: Watch): Error | undefined {
  const dirt = whatIsWrong(socket, watch)
  return dirt === undefined ? undefined : new UnfitError('dirty', dirt)
}

function whatIsWrong(socket: Duplex, watch: Watch): string | undefined {
  const { readableLength: length, readableEncoding: encoding } = socket
  const lent = watch.stage === 'lent'
  const bytes = length === 1 ? 'byte' : 'bytes'
  if (length > 0 && lent) return `returned with ${length} unread ${bytes}`
  if (length > 0) return `received ${length} ${bytes} ${spellOf(watch)}`
  if (encoding !== watch.encoding) return `returned with the encoding ${encoding}`
  if (socket.writableCorked > 0) return 'returned corked'
  const lost = ['error', 'close'].filter((name) => socket.listenerCount(name) === 0)
  if (lost.length > 0) return `returned without the pool's listeners: ${lost.join(', ')}`
  if (!lent && socket.readableFlowing !== null) return 'read by a former borrower while idle'
  return undefined
}

/** When it was that something happened to a socket, which is now. */
function spellOf({ stage, fresh }: Watch): string {
  if (fresh) return 'before it was first lent'
  return stage === 'lent' ? 'while in use' : 'while idle'
}

function onReadable(this: Duplex): void {
  heed(this as WatchedSocket) // Only such have it.
}
