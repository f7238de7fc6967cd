import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

/** Of Node: told of each socket that `net.connect` makes, before it dials; from Node 22 on, of every one that dials. */
const CHANNEL = 'net.client.socket'

const bystanders = new WeakSet<Socket>()

/** A socket by which the trial itself asks a server: no ledger counts it. */
export function bystander(): Socket {
  const socket = new Socket()
  bystanders.add(socket)
  return socket
}

/**
 * Counts a pool's sockets without asking the pool: from the moment when their dial begins to that of `destroy()`, in which
 * Node gives the descriptor back; the `'close'` event comes a turn later. Whatever else this process dials meanwhile has to
 * be a bystander.
 */
export class Ledger {
  readonly #begun: () => void
  readonly #sockets = new Set<Socket>()
  #most = 0

  /** @param begun is told of each dial as it begins. */
  constructor(begun: () => void) {
    this.#begun = begun
    subscribe(CHANNEL, this.#heed)
  }

  /** Those that are open or opening. */
  get open(): number {
    for (const socket of this.#sockets) if (socket.destroyed) this.#sockets.delete(socket)
    return this.#sockets.size
  }

  /** The most that ever were. It can only grow where a dial begins. */
  get most(): number {
    return this.#most
  }

  /** A socket that will be dialled in another way than by `net.connect`. */
  socket(): Socket {
    const socket = new Socket()
    this.#enter(socket)
    return socket
  }

  stop(): void {
    unsubscribe(CHANNEL, this.#heed)
  }

  readonly #heed = (message: unknown): void => {
    // What Node's documentation says of this channel.
    this.#enter((message as { readonly socket: Socket }).socket)
  }

  #enter(socket: Socket): void {
    if (bystanders.has(socket) || this.#sockets.has(socket)) return
    this.#sockets.add(socket)
    this.#most = Math.max(this.#most, this.open)
    this.#begun()
  }
}
