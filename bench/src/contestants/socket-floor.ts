import { EventEmitter, once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'
import { Fault } from '../fault.ts'
import { Loopback } from '../loopback.ts'

/** A socket, and what the floor knows of it. */
interface Place {
  readonly socket: Socket
  readonly connection: Connection
  /** Idle since an earlier turn of the loop: it has a listener, and may not hold the process. */
  watched: boolean
}

/**
 * The least that lends sockets of which none is known to be dead: a stack, and a look at the socket whenever it comes or goes.
 * Those that are still there at the end of the turn get one listener and are unref'd, all together; whoever takes one of these
 * waits for the two immediates that make Node poll, one pair for all. It has no queue.
 */
export class SocketFloor implements Contestant<Place> {
  readonly #peer: Loopback
  readonly #idle: Place[]
  #returned: Place[] = []
  #waiting: ((place: Place) => void)[] = []

  static async open(setup: Setup): Promise<SocketFloor> {
    const peer = await Loopback.start()
    const places: Place[] = []
    while (places.length < setup.max) {
      const socket = connect(peer.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.on('error', () => {})
      places.push({ socket, connection: setup.create(), watched: false })
    }
    return new SocketFloor(peer, places)
  }

  private constructor(peer: Loopback, places: Place[]) {
    this.#peer = peer
    this.#idle = places
  }

  tryTake(): Place | null {
    const place = this.#idle.pop()
    return place === undefined ? null : this.#lend(place)
  }

  take(): Promise<Place> {
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) setImmediate(() => setImmediate(this.#polled))
      this.#waiting.push(resolve)
    })
  }

  giveBack(held: Place): void {
    if (!looksSound(held.socket)) throw new Fault('got a socket back that is not sound')
    this.#idle.push(held)
    if (this.#returned.length === 0) setImmediate(this.#turnOver)
    if (this.#returned.at(-1) !== held) this.#returned.push(held)
  }

  connectionOf(held: Place): Connection {
    return held.connection
  }

  async use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    const held = await this.take()
    try {
      await fn(held.connection)
    } finally {
      this.giveBack(held)
    }
  }

  async close(): Promise<void> {
    for (const { socket } of this.#idle) socket.destroy()
    await this.#peer.close()
  }

  #lend(place: Place): Place {
    const { socket } = place
    if (!looksSound(socket)) throw new Fault('has a socket that is not sound')
    if (place.watched) {
      place.watched = false
      EventEmitter.prototype.removeListener.call(socket, 'readable', heed)
      socket.ref()
    }
    return place
  }

  readonly #polled = (): void => {
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) {
      const place = this.#idle.pop()
      if (place === undefined) throw new Fault('a bare stack of sockets cannot wait')
      resolve(this.#lend(place))
    }
  }

  readonly #turnOver = (): void => {
    const returned = this.#returned
    this.#returned = []
    for (const place of returned) {
      if (place.watched) continue
      place.watched = true
      // By the emitter's own method: by the stream's it costs twice as much, and a tick.
      EventEmitter.prototype.on.call(place.socket, 'readable', heed)
      place.socket.unref()
    }
  }
}

function looksSound(socket: Socket): boolean {
  return !socket.destroyed && !socket.readableEnded && socket.readableLength === 0
}

function heed(): void {}
