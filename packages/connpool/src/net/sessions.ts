import type { TLSSocket } from 'node:tls'

/** Addresses behind one pool are few; those that left it need not be remembered for ever. */
const MOST_ADDRESSES = 100

/** How often a connection is asked for a session that does not come, as from a server that sends none. */
const MOST_ASKED = 5

/** What shortens the next handshake. */
export interface Session {
  readonly bytes: Buffer
  readonly ticket: Buffer | undefined
  /** Of the certificate that the server showed at first: a resumed connection has none to look at. */
  readonly fingerprint: string | undefined
}

/** Gives the pool the session of a connection; answers whether that is done. */
export type SessionGiver = () => boolean

const givers = new WeakMap<object, SessionGiver>()

/** The newest TLS session of each address. Those that were not renewed for longest are forgotten first. */
export class Sessions {
  readonly #newest = new Map<string, Session>()

  newest(address: string): Session | undefined {
    return this.#newest.get(address)
  }

  keep(address: string, session: Session): void {
    this.#newest.delete(address)
    this.#newest.set(address, session)
    if (this.#newest.size <= MOST_ADDRESSES) return
    for (const [oldest] of this.#newest) {
      this.#newest.delete(oldest)
      return
    }
  }

  drop(address: string): void {
    this.#newest.delete(address)
  }

  /**
   * Has the session of a connection kept, which was verified and had `offered`, once it is a new one.
   *
   * With TLS 1.3 the server sends it in a ticket, after the handshake and ahead of its first reply:
   * measured, what `getSession()` answers at `secureConnect` resumes nothing, and after the first
   * reply it does. A `session` listener would stay on a lent socket for as long, or for ever where
   * the server sends none. So whoever parks the connection asks for it, a few times at most: that takes
   * 0.8 us in vain, and 3 to 6 us once.
   */
  keepOf(
    socket: TLSSocket,
    address: string,
    fingerprint: string | undefined,
    offered: Session | undefined,
  ): void {
    const keep = (ticket: Buffer | undefined): void => {
      const bytes = socket.getSession()
      if (bytes !== undefined) this.keep(address, { bytes, ticket, fingerprint })
    }
    // Before TLS 1.3 the session is part of the handshake, with or without a ticket.
    if (socket.getProtocol() !== 'TLSv1.3') return keep(socket.getTLSTicket())
    let asked = 0
    givers.set(socket, () => {
      const ticket = socket.getTLSTicket()
      // A resumed connection begins with the ticket that it was resumed with, and may get no other.
      const isNew = ticket !== undefined && !offered?.ticket?.equals(ticket)
      if (isNew) keep(ticket)
      return isNew || ++asked === MOST_ASKED
    })
  }
}

/** What gives the session of a connection, where one is to come. */
export function sessionGiver(connection: object): SessionGiver | undefined {
  return givers.get(connection)
}
