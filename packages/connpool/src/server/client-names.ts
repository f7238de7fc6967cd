import type { Duplex } from 'node:stream'
import type { Naming } from '../net/connector.ts'
import { type DrawId, readId } from './id.ts'
import { Names } from './names.ts'

/** The names of a client's connections: as the server says, or its own. */
export class ClientNames extends Names<Duplex> implements Naming {
  readonly #mode: 'identified' | 'single'

  constructor(mode: 'identified' | 'single', draw?: DrawId) {
    super(draw)
    this.#mode = mode
  }

  async name(stream: Duplex, signal: AbortSignal): Promise<string> {
    if (this.#mode === 'single') return this.draw()
    const name = await readId(stream, signal)
    if (this.take(name)) return name
    throw new Error(`the server sent the id ${name}, which another connection has already`)
  }
}
