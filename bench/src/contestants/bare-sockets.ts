import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Connection } from '../connection.ts'
import type { Contestant, Setup } from '../contestant.ts'
import { Fault } from '../fault.ts'
import { Loopback } from '../loopback.ts'
import { Marks } from '../marks.ts'

/** The least that can be kept of sockets: an array of them, each with the listener without which an error ends the process. */
export class BareSockets implements Contestant<Socket> {
  readonly #peer: Loopback
  readonly #idle: Socket[]
  readonly #marks: Marks<Socket>

  static async open(setup: Setup): Promise<BareSockets> {
    const peer = await Loopback.start()
    const sockets: Socket[] = []
    while (sockets.length < setup.max) {
      const socket = connect(peer.port, '127.0.0.1')
      await once(socket, 'connect')
      socket.on('error', ignore)
      sockets.push(socket)
    }
    return new BareSockets(setup, peer, sockets)
  }

  private constructor(setup: Setup, peer: Loopback, sockets: Socket[]) {
    this.#peer = peer
    this.#idle = sockets
    this.#marks = new Marks(setup.create)
  }

  async take(): Promise<Socket> {
    const socket = this.#idle.pop()
    if (socket === undefined) throw new Fault('an array of sockets cannot wait')
    return socket
  }

  giveBack(held: Socket): void {
    this.#idle.push(held)
  }

  connectionOf(held: Socket): Connection {
    return this.#marks.of(held)
  }

  async use(fn: (connection: Connection) => Promise<void>): Promise<void> {
    const socket = await this.take()
    try {
      await fn(this.connectionOf(socket))
    } finally {
      this.giveBack(socket)
    }
  }

  async close(): Promise<void> {
    for (const socket of this.#idle) socket.destroy()
    await this.#peer.close()
  }
}

function ignore(): void {}
