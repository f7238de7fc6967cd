import { type Dispatcher, Pool } from 'undici'
import { Fault } from '../fault.ts'
import { type Ask, path, type UpstreamTerms } from './ask.ts'

/** undici as most use it: its promise of a reply, whose body is a stream. */
export async function openRequest(terms: UpstreamTerms): Promise<Ask> {
  const pool = open(terms)
  return async () => {
    const { statusCode, body } = await pool.request({ method: 'GET', path })
    if (statusCode !== 200) throw new Fault(`the reply has the status ${statusCode}`)
    return Buffer.from(await body.arrayBuffer())
  }
}

/** The least that undici can do: its own handler of the parts of a reply, no stream. */
export async function openDispatch(terms: UpstreamTerms): Promise<Ask> {
  const pool = open(terms)
  return () =>
    new Promise((resolve, reject) => {
      pool.dispatch({ method: 'GET', path }, new BodyReader(resolve, reject))
    })
}

function open({ port, max }: UpstreamTerms): Pool {
  return new Pool(`http://127.0.0.1:${port}`, { connections: max })
}

class BodyReader implements Dispatcher.DispatchHandler {
  readonly #resolve: (body: Buffer) => void
  readonly #reject: (error: Error) => void
  #status = 0
  #body: Buffer | null = null

  constructor(resolve: (body: Buffer) => void, reject: (error: Error) => void) {
    this.#resolve = resolve
    this.#reject = reject
  }

  onRequestStart(): void {}

  onResponseStart(_controller: Dispatcher.DispatchController, status: number): void {
    this.#status = status
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#body = this.#body === null ? chunk : Buffer.concat([this.#body, chunk])
  }

  onResponseEnd(): void {
    if (this.#status === 200) this.#resolve(this.#body ?? Buffer.alloc(0))
    else this.#reject(new Fault(`the reply has the status ${this.#status}`))
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#reject(error)
  }
}
