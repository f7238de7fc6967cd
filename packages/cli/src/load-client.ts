import { connect, type Socket } from 'node:net'
import { Reply } from './reply.ts'
import { readHead } from './reply-head.ts'
import { errorName } from './tally.ts'

export interface LoadListener {
  /** A request was answered with 200, after so many microseconds. */
  answered(us: number): void
  /** A request was not: the status, or the error's code. */
  failed(why: string): void
}

const REQUEST = Buffer.from('GET /pay HTTP/1.1\r\nHost: gateway\r\n\r\n', 'latin1')
// One for all: a read is looked at before the next one happens, and nothing is allocated for it.
const READ_BUFFER = Buffer.allocUnsafe(65_536)

/** One client of the gateway: one keep-alive connection, one request at a time, next to no cost of its own. */
export class LoadClient {
  readonly #port: number
  readonly #listener: LoadListener
  #socket: Socket | null = null
  /** A reply that came in pieces. */
  #partial: Reply | null = null
  #askedAt = 0
  #phase: 'connecting' | 'resting' | 'asking' | 'stopped' = 'connecting'

  constructor(port: number, listener: LoadListener) {
    this.#port = port
    this.#listener = listener
  }

  connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: '127.0.0.1',
        port: this.#port,
        noDelay: true,
        onread: { buffer: READ_BUFFER, callback: (size) => this.#read(size) },
      })
      this.#socket = socket
      let why = 'closed by the gateway'
      socket.once('connect', () => {
        this.#phase = 'resting'
        resolve()
      })
      socket.on('error', (error) => {
        why = errorName(error)
        reject(error)
      })
      socket.once('close', () => this.#closed(why))
    })
  }

  ask(): void {
    if (this.#phase !== 'resting') return
    this.#phase = 'asking'
    this.#askedAt = performance.now()
    this.#socket?.write(REQUEST)
  }

  /** No further request. */
  stop(): void {
    this.#phase = 'stopped'
    this.#socket?.destroy()
  }

  /** True: go on reading. */
  #read(size: number): boolean {
    if (this.#phase !== 'asking') return true
    try {
      const status = this.#status(size)
      if (status !== 0) this.#answered(status)
    } catch (error) {
      // Its 'close' counts the failure and dials anew.
      this.#socket?.destroy(error instanceof Error ? error : new Error(String(error)))
    }
    return true
  }

  /** The status of the reply once it is whole, 0 before. */
  #status(size: number): number {
    if (this.#partial === null) {
      const head = readHead(READ_BUFFER, size)
      if (head !== null && head.size + head.contentLength === size) return head.status
      this.#partial = new Reply()
    }
    if (!this.#partial.push(Buffer.from(READ_BUFFER.subarray(0, size)))) return 0
    const { status } = this.#partial
    this.#partial = null
    return status
  }

  #answered(status: number): void {
    if (status === 200) this.#listener.answered((performance.now() - this.#askedAt) * 1000)
    else this.#listener.failed(`status ${status}`)
    this.#phase = 'resting'
    this.ask()
  }

  #closed(why: string): void {
    if (this.#phase === 'stopped' || this.#phase === 'connecting') return
    this.#partial = null
    this.#listener.failed(why)
    this.#reconnect()
  }

  #reconnect(): void {
    if (this.#phase === 'stopped') return
    this.#phase = 'connecting'
    this.connect().then(
      () => this.ask(),
      (error) => {
        this.#listener.failed(errorName(error))
        // A turn of the loop between two tries, so that the order to stop is heard.
        setImmediate(() => this.#reconnect())
      },
    )
  }
}
