import { EventEmitter } from 'node:events'

/** What the pools lend: the part of `net.Socket` that a pool's factory and the rows need. */
export interface Connection extends EventEmitter {
  readonly destroyed: boolean
  /** Closes it at once. With an error it emits `'error'` first, as a socket does whose peer is gone. */
  destroy(error?: Error): unknown
  ref(): unknown
  unref(): unknown
}

/** A connection without a socket. It dies like one: destroyed first, then `'error'`, then `'close'`. */
export class FakeConnection extends EventEmitter implements Connection {
  readonly id: number
  #destroyed = false

  constructor(id: number) {
    super()
    this.id = id
  }

  get destroyed(): boolean {
    return this.#destroyed
  }

  destroy(error?: Error): void {
    if (this.#destroyed) return
    this.#destroyed = true
    if (error !== undefined) this.emit('error', error)
    this.emit('close')
  }

  ref(): void {}

  unref(): void {}
}
