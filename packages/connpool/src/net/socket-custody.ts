import type { Duplex } from 'node:stream'
import type { About } from '../pool/cargo.ts'
import { type Custody, UnfitError } from '../pool/custody.ts'
import { listen, still, unlisten } from './flow.ts'
import { isAlive, isSound } from './vitals.ts'
import { type SocketLike, Ward } from './ward.ts'

const WARD: unique symbol = Symbol('connpool.ward')

/** What is remembered of a socket is kept on it: a map would cost more than all the rest. */
type Kept = SocketLike & { [WARD]?: Ward }

/** What a TCP pool lends, and what it takes back. */
export interface CustodyOptions {
  /**
   * Whether a connection that comes back with listeners on it that were not there when it opened is
   * destroyed; its `close` event says which. Otherwise they are taken off. Default false.
   */
  readonly strictListeners?: boolean | undefined
}

/**
 * Watches and judges the sockets of a pool. A dead or dirty one is known by its own state, once the
 * loop has polled; an idle one reports itself.
 *
 * The watch is a `readable` listener: the only one that sees both an end and late bytes without
 * eating any, and leaves the socket fit for every style of reading. From its return on a socket is
 * as a new one, neither flowing nor paused; one that somebody reads while it is idle is not lent.
 */
export class SocketCustody implements Custody<Duplex> {
  readonly #strict: boolean

  constructor({ strictListeners = false }: CustodyOptions) {
    this.#strict = strictListeners
  }

  /**
   * Takes a new socket into custody, as one that was given back: what its handshake left unread is
   * found before it is lent. From now on it reports its own end to `died`.
   */
  enter(socket: Duplex, about: About, died: (error?: unknown) => void): void {
    const kept: Kept = socket
    kept[WARD] = new Ward(kept, about, died, this.#strict)
  }

  park(socket: Kept): boolean {
    const ward = socket[WARD]
    if (ward === undefined || !isSound(socket)) return false
    if (ward.stage !== 'lent') return true // Nobody has had it since.
    if (!ward.isAsLent && !ward.restore()) return false
    ward.stage = 'returned'
    if (ward.session?.()) ward.session = undefined
    return true
  }

  lend(socket: Kept): boolean {
    const ward = socket[WARD]
    if (!isSound(socket) || ward === undefined) return false
    if (socket.readableFlowing !== null) {
      if (ward.stage === 'idle') return false
      still(socket) // A tick that the last borrower left behind had it flow.
    }
    if (ward.stage === 'idle') unlisten(socket, onReadable)
    if (ward.stage !== 'lent') socket.ref?.() // Its last borrower may have unref'd it, too.
    ward.stage = 'lent'
    ward.fresh = false
    if (ward.flows) socket.resume()
    return true
  }

  isAlive(socket: Duplex): boolean {
    return isAlive(socket)
  }

  whyUnfit(socket: Kept): Error {
    return socket[WARD]?.whyUnfit() ?? new UnfitError('dirty', 'it is not in custody')
  }

  flushed(socket: Duplex): boolean {
    return socket.writableLength === 0
  }

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
  }

  about(socket: Kept): About {
    return socket[WARD]?.about ?? {}
  }

  watch(socket: Kept): void {
    const ward = socket[WARD]
    if (ward === undefined || ward.stage === 'idle') return
    ward.stage = 'idle'
    if (socket.readableFlowing !== null) still(socket)
    // What came since the release was not listened for.
    if (socket.readableLength > 0) process.nextTick(heed, socket)
    listen(socket, onReadable)
    socket.unref?.()
  }
}

/** Something happened to an idle socket: bytes that nobody asked for, or the end. */
function heed(socket: Kept): void {
  const ward = socket[WARD]
  if (ward?.stage === 'idle' && socket.readableLength > 0) ward.died(ward.whyUnfit())
}

function onReadable(this: Duplex): void {
  heed(this as Kept) // Only such have it.
}
