import { AsyncResource } from 'node:async_hooks'
import type { Duplex } from 'node:stream'
import type { About } from '../pool/cargo.ts'
import { type Custody, UnfitError } from '../pool/custody.ts'
import type { Judgement } from '../pool/judgement.ts'
import { Births } from './birth-listeners.ts'
import { isAlive } from './vitals.ts'
import { type SocketLike, type Terms, Ward, wardOf } from './ward.ts'

/** What a TCP pool lends, and what it takes back. */
export interface CustodyOptions<S extends Duplex = Duplex> {
  /**
   * Called when bytes arrived at an idle connection, as heartbeats do: reads them, with `read()`, and
   * answers true to have the connection kept. On anything else, on a throw, and where bytes are left
   * unread the connection is closed, as it is without this function. What is unread at a release is
   * never asked about, nor what arrives while a probe or a reset has the connection. Idle times go on.
   */
  readonly onIdleData?: ((connection: S) => boolean) | undefined
  /**
   * Whether bytes that arrive before the first lease are for its borrower, who finds them unread; a
   * probe or a reset is a lease, too. Otherwise such a connection counts as a failed dial. Default false.
   */
  readonly serverSpeaksFirst?: boolean | undefined
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
  readonly #terms: Terms

  /** `judgement` reports what a callback throws. */
  constructor(options: CustodyOptions, judgement: Judgement<Duplex>) {
    const { serverSpeaksFirst = false, strictListeners = false, onIdleData } = options
    this.#terms = {
      serverSpeaksFirst,
      strictListeners,
      onIdleData:
        onIdleData && ((socket) => judgement.call('onIdleData', () => onIdleData(socket)) === true),
      births: new Births(),
      root: new AsyncResource('connpool'),
    }
  }

  /**
   * Takes a new socket into custody, as one that was given back: what its handshake left unread is
   * found before it is lent. From now on it reports its own end to `died`. `beneath` is the socket that
   * it stands on, if any: that one holds the process where it cannot itself.
   * @throws UnfitError where something arrived that `onIdleData` does not consume.
   */
  enter(
    socket: Duplex,
    about: About,
    died: (error?: unknown) => void,
    beneath: SocketLike = socket,
  ): void {
    const kept: SocketLike = socket
    const holder = kept.ref === undefined ? beneath : kept
    const ward = new Ward(kept, holder, about, died, this.#terms)
    ward.settleIn()
  }

  park(socket: SocketLike): boolean {
    return wardOf(socket)?.park() ?? false
  }

  lend(socket: SocketLike): boolean {
    return wardOf(socket)?.lend() ?? false
  }

  discharge(socket: SocketLike): void {
    wardOf(socket)?.discharge()
  }

  watch(socket: SocketLike): void {
    wardOf(socket)?.watch()
  }

  whyUnfit(socket: SocketLike): Error {
    return wardOf(socket)?.whyUnfit() ?? new UnfitError('dirty', 'it is not in custody')
  }

  isAlive(socket: Duplex): boolean {
    return isAlive(socket)
  }

  hasEnded(socket: Duplex): boolean {
    return socket.readableEnded
  }

  about(socket: SocketLike): About {
    return wardOf(socket)?.about ?? {}
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
}
