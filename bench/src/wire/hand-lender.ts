import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { Fault } from '../fault.ts'
import type { Lender, LenderTerms } from './lender.ts'

/**
 * Sockets held by hand, the least that can lend any: all dialled in advance, a stack of idle ones, a queue of promises. Nobody
 * looks whether a socket lives or is clean, nothing has an end, and one that breaks ends the trial.
 */
export class HandLender implements Lender<Socket> {
  readonly #all: readonly Socket[]
  readonly #idle: Socket[]
  readonly #waiters: ((socket: Socket) => void)[] = []

  static async open({ port, max }: LenderTerms): Promise<HandLender> {
    const sockets: Socket[] = []
    while (sockets.length < max) {
      const socket = connect({ host: '127.0.0.1', port, noDelay: true })
      await once(socket, 'connect')
      socket.on('error', () => {})
      sockets.push(socket)
    }
    return new HandLender(sockets)
  }

  private constructor(sockets: readonly Socket[]) {
    this.#all = sockets
    this.#idle = [...sockets]
  }

  take(): Promise<Socket> {
    const socket = this.#idle.pop()
    if (socket !== undefined) return Promise.resolve(socket)
    return new Promise((resolve) => {
      this.#waiters.push(resolve)
    })
  }

  socketOf(held: Socket): Socket {
    return held
  }

  giveBack(held: Socket): void {
    // An array: the queue is at most a thousand long, and shifting one of that length is a small memmove.
    const waiter = this.#waiters.shift()
    if (waiter === undefined) this.#idle.push(held)
    else waiter(held)
  }

  discard(_held: Socket, error: unknown): void {
    throw new Fault('a socket held by hand broke', { cause: error })
  }

  async close(): Promise<void> {
    for (const socket of this.#all) socket.destroy()
  }
}
