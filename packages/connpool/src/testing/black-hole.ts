import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { RudeProcess } from './rude-process.ts'

/**
 * A port of the loopback that swallows what dials it: no answer, no refusal, so that a dial ends by its
 * own timeout or not at all. It is a listener with a full backlog, in a process that stands still. Linux
 * only: elsewhere a full backlog may refuse.
 */
export class BlackHole implements AsyncDisposable {
  readonly #server: RudeProcess
  /** What fills the backlog. */
  readonly #fillers: readonly Socket[]

  /** @throws Error where there is no Linux, by rejecting. */
  static async start(): Promise<BlackHole> {
    if (process.platform !== 'linux') throw new Error('a black hole needs Linux')
    const server = await RudeProcess.start({ backlog: 1 })
    await server.stop()
    const { host, port } = server
    // Linux holds one more than the backlog says.
    const hole = new BlackHole(server, [connect(port, host), connect(port, host)])
    try {
      await Promise.all(hole.#fillers.map((filler) => once(filler, 'connect')))
    } catch (error) {
      await hole.close()
      throw error
    }
    return hole
  }

  private constructor(server: RudeProcess, fillers: readonly Socket[]) {
    this.#server = server
    this.#fillers = fillers
  }

  get host(): string {
    return this.#server.host
  }

  get port(): number {
    return this.#server.port
  }

  /** Ends it; dials that are under way are refused. Resolves when nothing is left. */
  async close(): Promise<void> {
    for (const filler of this.#fillers) filler.destroy()
    await this.#server.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}
