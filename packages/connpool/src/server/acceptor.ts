import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { showAddress } from '../net/address.ts'
import type { ListenOptions } from './server-options.ts'

/** What an acceptor tells. */
export interface AcceptorOffice {
  /** Somebody has connected, to `path` where it is none of TCP; nothing was read of him. */
  accepted(socket: Socket, path: string | undefined): void
  /** The system could not accept somebody. */
  notAccepted(error: Error): void
}

/**
 * Listens, and hands on whoever connects. Where the system is out of descriptors or memory Node drops
 * whoever waits to be accepted and tries again with the next: nothing stops and nothing spins.
 */
export class Acceptor {
  readonly #server: Server
  readonly #isOwn: boolean
  readonly #office: AcceptorOffice
  readonly #listening: Promise<void>
  /** null: it is TCP; undefined while nobody has come. */
  #path: string | null | undefined
  #isStopped = false
  #giveUp: (why: Error) => void = () => {}

  constructor(options: ListenOptions, office: AcceptorOffice) {
    const { listener } = options
    this.#server = listener ?? createServer()
    this.#isOwn = listener === undefined
    this.#office = office
    this.#server.on('connection', this.#accept)
    this.#server.on('error', this.#err)
    this.#listening = this.#listen(options)
    this.#listening.catch(() => {}) // Told to whoever asks.
  }

  /** Resolves once it listens. @throws what keeps it from that, by rejecting. */
  get listening(): Promise<void> {
    return this.#listening
  }

  /** It listened, and was told to stop. */
  get isStopped(): boolean {
    return this.#isStopped
  }

  /** Where it listens: address and port, a path, or null while it does not. */
  get address(): AddressInfo | string | null {
    return this.#server.listening ? this.#server.address() : null
  }

  /** Accepts nobody any more; a server of its own listens no more. */
  stop(why: Error): void {
    this.#isStopped = this.#server.listening
    this.#giveUp(why)
    this.#server.off('connection', this.#accept)
    if (this.#isOwn) this.#server.close()
    else this.#server.off('error', this.#err)
  }

  #listen({ listener, port, host, path, backlog }: ListenOptions): Promise<void> {
    const server = this.#server
    if (server.listening) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const settle = () => {
        server.off('listening', listening)
        server.off('error', failed)
        server.off('close', closed)
      }
      const listening = () => {
        settle()
        resolve()
      }
      const failed = (error: Error) => {
        settle()
        reject(error)
      }
      const closed = () => failed(new Error('it was closed before it listened'))
      this.#giveUp = failed
      server.on('listening', listening)
      server.on('error', failed)
      server.on('close', closed)
      if (listener !== undefined) return
      // A port that is undefined is one to Node, and beats the path.
      server.listen(path === undefined ? { port, host, backlog } : { path, backlog })
    })
  }

  readonly #accept = (socket: Socket): void => {
    if (this.#path === undefined) this.#path = pathOf(this.#server)
    this.#office.accepted(socket, this.#path ?? undefined)
  }

  readonly #err = (error: Error & { readonly syscall?: string }): void => {
    if (error.syscall === 'accept') this.#office.notAccepted(error)
  }
}

function pathOf(server: Server): string | null {
  const address = server.address()
  return typeof address === 'string' ? address : null
}

/** A peer in one word; undefined where the system knows no more who it was. */
export function peerOf({ remoteAddress, remotePort }: Socket): string | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  return showAddress({ host: remoteAddress, port: remotePort })
}
