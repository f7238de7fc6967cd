import type { Socket } from 'node:net'
import type { Scope } from '@connpool/real-servers'
import { createTcpPool, type Pool } from 'connpool'
import { RudeProcess } from 'connpool/testing'
import { askSocket } from './ask-socket.ts'
import { type Backend, CREATE_TIMEOUT_MS, MAX } from './backend.ts'
import { PATIENCE_MS } from './until.ts'

const TURN_AWAY = new URL('./turn-away.mjs', import.meta.url)

/** A server that echoes lines, in a process of its own, and a TCP pool that knows nothing of it: no handshake, no probe. */
export class PlainBackend implements Backend<Socket> {
  readonly version: string = `an echo server (Node ${process.versions.node})`
  readonly #server: RudeProcess

  static async start(scope: Scope): Promise<PlainBackend> {
    const server = await RudeProcess.start()
    scope.after(() => server.close())
    return new PlainBackend(server)
  }

  private constructor(server: RudeProcess) {
    this.#server = server
  }

  get port(): number {
    return this.#server.port
  }

  open(): Pool<Socket> {
    return createTcpPool({
      name: 'plain',
      host: '127.0.0.1',
      port: this.port,
      max: MAX,
      createTimeoutMs: CREATE_TIMEOUT_MS,
    })
  }

  async ask(socket: Socket, number: number): Promise<string> {
    const answer = await askSocket(socket, `${number}\n`, /\n$/)
    return answer.trim()
  }

  kill(): Promise<void> {
    return this.#server.kill()
  }

  /** Listens no more, and says goodbye to everybody. */
  async quit(): Promise<void> {
    await this.#server.refuse()
    await this.#server.end()
    await this.#server.holds(0)
  }

  start(): Promise<void> {
    return this.#server.restart()
  }

  freeze(): Promise<void> {
    return this.#server.stop()
  }

  thaw(): Promise<void> {
    return this.#server.continue()
  }

  async refuse(): Promise<void> {
    await this.#server.behave(TURN_AWAY)
    await this.#server.reset()
  }

  async admit(): Promise<void> {
    await this.#server.behave('echo')
  }

  /** It can only say when it is so many. */
  async count(expected: number): Promise<number | undefined> {
    let timer: NodeJS.Timeout | undefined
    const never = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), PATIENCE_MS)
    })
    const count = await Promise.race([this.#server.holds(expected).then(() => expected), never])
    clearTimeout(timer)
    return count
  }
}
