import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Fault } from '../fault.ts'
import { within } from '../patience.ts'
import type { Order, Word } from './service.ts'

const extension = extname(import.meta.url)
const patienceMs = 20_000

/** A process that offers a service. Whoever waits for an answer hears when it has failed. After `end()` it is gone. */
export class Servant {
  readonly #name: string
  readonly #child: ChildProcess
  readonly #gone: Promise<never>
  #port = 0

  /** Starts a module of this folder; resolves once it serves. Throws a sentence when it does not. */
  static async start(module: string, ...args: readonly string[]): Promise<Servant> {
    const servant = new Servant(module, args)
    try {
      const word = await servant.#hear()
      if (!('port' in word)) throw new Fault(`${module} began with figures`)
      servant.#port = word.port
      return servant
    } catch (error) {
      await servant.end()
      throw error
    }
  }

  private constructor(module: string, args: readonly string[]) {
    this.#name = module
    const file = fileURLToPath(new URL(`./${module}${extension}`, import.meta.url))
    this.#child = fork(file, args, { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
    this.#gone = once(this.#child, 'exit').then(([status, signal]) => {
      throw new Fault(`${module} ended too early (${signal ?? `status ${status}`})`)
    })
    this.#gone.catch(() => {})
  }

  get port(): number {
    return this.#port
  }

  begin(): void {
    this.#order('begin')
  }

  async figures(): Promise<unknown> {
    this.#order('figures')
    const word = await this.#hear()
    if (!('figures' in word)) throw new Fault(`${this.#name} gave no figures`)
    return word.figures
  }

  /** It holds nothing that needs a farewell, and a busy one may not hear a polite one. */
  async end(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#gone.catch(() => {})
  }

  #order(order: Order): void {
    // When it is gone, its 'exit' says so.
    if (this.#child.connected) this.#child.send(order, () => {})
  }

  async #hear(): Promise<Word> {
    const heard = Promise.race([once(this.#child, 'message'), this.#gone])
    const late = (): string => `${this.#name} said nothing for ${patienceMs / 1_000} s`
    const [word] = await within(patienceMs, heard, late)
    return word as Word // Said by our own service.ts.
  }
}
