import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { TestContext } from 'node:test'
import { turns } from '../../support/turns.ts'

/** A client that notes what its server does to it. */
export class Dialler {
  readonly socket: Socket
  readonly #fate: string[] = []
  #received = Buffer.alloc(0)

  /** Resolves once connected; whatever becomes of it, it is closed when the test is over. */
  static async dial(
    t: TestContext,
    where: { readonly host: string; readonly port: number } | { readonly path: string },
    { allowHalfOpen = false } = {},
  ): Promise<Dialler> {
    const target = 'path' in where ? where : { host: where.host, port: where.port }
    const socket = connect({ ...target, allowHalfOpen })
    const dialler = new Dialler(socket)
    t.after(() => socket.destroy())
    await once(socket, 'connect')
    return dialler
  }

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (bytes: Buffer) => {
      this.#received = Buffer.concat([this.#received, bytes])
    })
    socket.on('end', () => this.#fate.push('FIN'))
    socket.on('error', (error: NodeJS.ErrnoException) => this.#fate.push(String(error.code)))
  }

  /** What its server did to it: `FIN`, or the code of its error. */
  get fate(): string {
    return this.#fate.join(', ')
  }

  get received(): string {
    return String(this.#received)
  }

  /** Resolves to what it received, once that is so many bytes. */
  async hears(count: number): Promise<string> {
    while (this.#received.length < count) await once(this.socket, 'data')
    return this.received
  }

  /** Resolves to its fate, once it has one. */
  async ends(): Promise<string> {
    while (this.#fate.length === 0) await turns(1)
    return this.fate
  }

  ask(request: string): Promise<string> {
    this.socket.write(request)
    return this.hears(this.#received.length + request.length)
  }
}
