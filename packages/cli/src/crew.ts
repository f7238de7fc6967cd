import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { extname } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { DemoError } from './demo-error.ts'
import type { Message, Order, Role, Roles } from './stage.ts'

const CHILD = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url))

/** One child process and its role. */
export interface Member<R extends Role> {
  readonly port: number
  begin(): void
  end(): Promise<Roles[R]['figures']>
}

/**
 * The child processes of a run. When one of them fails, or the run is aborted, whatever waits for any of them
 * rejects. After `dismiss()` none of them lives.
 */
export class Crew {
  readonly #living = new Set<ChildProcess>()
  readonly #over = new AbortController()

  /** When `signal` aborts, so does the crew, with the same reason. */
  constructor(signal: AbortSignal) {
    if (signal.aborted) this.#over.abort(signal.reason)
    const follow = (): void => this.#over.abort(signal.reason)
    signal.addEventListener('abort', follow, { signal: this.#over.signal })
  }

  /**
   * Starts a child; resolves once it is ready.
   * @throws DemoError with one sentence, when it cannot be started or ends before it is ready.
   */
  async hire<R extends Role>(role: R, config: Roles[R]['config']): Promise<Member<R>> {
    this.#over.signal.throwIfAborted()
    const child = fork(CHILD, [role, JSON.stringify(config)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#living.add(child)
    this.#notice(role, child)

    const ready = await this.#next<R>(child)
    if (ready.say !== 'ready') throw new DemoError(`The ${role} process was not ready.`)
    const order = (what: Order): void => {
      // When it is gone, its 'exit' says so.
      if (child.connected) child.send(what, () => {})
    }
    return {
      port: ready.port,
      begin: () => order('begin'),
      end: async () => {
        order('end')
        const message = await this.#next<R>(child)
        if (message.say === 'figures') return message.figures
        throw new DemoError(`The ${role} process gave no figures.`)
      },
    }
  }

  /** Resolves after `ms`, unless a child fails or the run is aborted meanwhile. */
  async watch(ms: number): Promise<void> {
    await this.#untilOver((signal) => sleep(ms, undefined, { signal }))
  }

  /** Ends every child and waits until it is gone. */
  async dismiss(): Promise<void> {
    const ends = [...this.#living].map((child) => once(child, 'exit'))
    this.#over.abort(new DemoError('The run is over.'))
    // They hold nothing that needs a farewell, and a busy one may not hear a polite one.
    for (const child of this.#living) child.kill('SIGKILL')
    await Promise.all(ends)
  }

  #notice(role: Role, child: ChildProcess): void {
    const fail = (why: string): void => {
      this.#over.abort(new DemoError(`The ${role} process ${why}.`))
    }
    child.on('message', (message) => {
      const known = message as Message
      if (known.say === 'failed') fail(`failed: ${known.why}`)
    })
    child.once('exit', (code, signal) => {
      this.#living.delete(child)
      fail(`ended too early (${signal ?? `status ${code}`})`)
    })
    child.on('error', (error) => {
      if (child.pid === undefined) this.#living.delete(child)
      fail(`could not be started: ${error.message}`)
    })
  }

  async #next<R extends Role>(child: ChildProcess): Promise<Message<R>> {
    const [message] = await this.#untilOver((signal) => once(child, 'message', { signal }))
    // Written by our own child.ts for the role that it was started with.
    return message as Message<R>
  }

  /** Rejects with the reason of the end, not with an AbortError. */
  async #untilOver<T>(wait: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#over
    try {
      return await wait(signal)
    } catch (error) {
      throw signal.aborted ? signal.reason : error
    }
  }
}
