import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { signalFamily } from './family.mjs'
import type { Owner } from './owner.ts'

/** What a server ends with: a test, or `{ after }` of node:test for all tests of a file. */
export interface Scope {
  after(end: () => Promise<void>): void
}

/** How a server is run. */
export interface ServerPlan {
  /** The first word of whatever it prints. */
  readonly name: string
  /** Who runs it. Default: whoever we are. */
  readonly owner?: Owner
  /** What to run so that it listens on `port` of 127.0.0.1; what it writes goes into `folder`. */
  command(port: number, folder: string): readonly string[]
  /** A line that it prints once it listens; or a question to its port that nobody else would answer. */
  readonly ready: RegExp | ((port: number) => Promise<boolean>)
}

/** What the keeper tells. */
type News = { readonly pid: number } | { readonly said: string } | { readonly ended: string }

const KEEPER = fileURLToPath(new URL('./keeper.mjs', import.meta.url))
const TRIES = 5

/**
 * A real server in a process of its own, on a free port of the loopback. It ends with its scope, and
 * with this process, however that ends. What it prints while it serves appears on stderr, which the
 * test runner shows when a test of the file has failed.
 */
export class ServerProcess {
  readonly host = '127.0.0.1'
  readonly #plan: ServerPlan
  readonly #folder: string
  readonly #keeper: ChildProcess
  #port = 0
  /** While it runs. */
  #pid: number | undefined
  #said = ''
  #serves = false
  #begun = (): void => {}
  #serving = (): void => {}
  #ended = (_how: string): void => {}
  #end: Promise<string> = Promise.resolve('')

  /**
   * Starts one. A port that somebody else has, or takes in that moment, is given up for the next.
   * @throws Error with what the server said, by rejecting, when it ends instead of serving.
   */
  static async start(
    scope: Scope,
    plan: ServerPlan,
    nextPort = likelyPort,
  ): Promise<ServerProcess> {
    const server = new ServerProcess(plan)
    scope.after(() => server.#leave())
    for (let tries = 1; ; tries++) {
      server.#port = nextPort()
      try {
        await server.start()
        return server
      } catch (error) {
        if (tries === TRIES) throw error
      }
    }
  }

  private constructor(plan: ServerPlan) {
    this.#plan = plan
    this.#folder = mkdtempSync(join(tmpdir(), `connpool-${plan.name}-`))
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    this.#keeper = fork(KEEPER, [this.#folder], {
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.#keeper.on('message', (news: News) => this.#heed(news))
  }

  get port(): number {
    return this.#port
  }

  /** The number of its process. */
  get pid(): number {
    if (this.#pid === undefined) throw new Error(`${this.#plan.name} does not run`)
    return this.#pid
  }

  /** Starts it again, on its port. Resolves once it serves. */
  async start(): Promise<void> {
    this.#said = ''
    this.#serves = false
    this.#end = new Promise((resolve) => {
      this.#ended = resolve
    })
    const begun = new Promise<undefined>((resolve) => {
      this.#begun = () => resolve(undefined)
    })
    const serving = new Promise<undefined>((resolve) => {
      this.#serving = () => resolve(undefined)
    })
    const { owner } = this.#plan
    this.#keeper.send({ words: this.#plan.command(this.#port, this.#folder), owner })
    const end = await Promise.race([serving, this.#answers(begun, this.#end), this.#end])
    this.#serves = end === undefined
    if (this.#serves) return
    throw new Error(`${this.#plan.name} ended (${end}) instead of serving:\n${this.#said}`)
  }

  /** Ends it at once, its children too, and with them its connections. */
  async kill(): Promise<void> {
    signalFamily(this.pid, 'SIGKILL')
    await this.#end
  }

  /** Asks it to end, by the signal that it takes for that. Resolves when it has ended, however long it takes. */
  async quit(signal: 'SIGTERM' | 'SIGINT' = 'SIGTERM'): Promise<void> {
    process.kill(this.pid, signal)
    await this.#end
  }

  /** Stops it in its tracks, and its children: the system still accepts for it, and nobody answers. */
  freeze(): void {
    signalFamily(this.pid, 'SIGSTOP')
  }

  thaw(): void {
    signalFamily(this.pid, 'SIGCONT')
  }

  /** Asks its port, where it prints nothing that tells, until it answers or ends. */
  async #answers(begun: Promise<void>, end: Promise<string>): Promise<string | undefined> {
    const { ready } = this.#plan
    if (ready instanceof RegExp) return end
    // It may answer sooner than the keeper tells that it runs.
    await Promise.race([begun, end])
    for (;;) {
      const answer = await Promise.race([ready(this.#port), end])
      if (answer === true) return undefined
      if (answer !== false) return answer
      await setTimeout(5)
    }
  }

  #heed(news: News): void {
    const { name, ready } = this.#plan
    if ('pid' in news) {
      this.#pid = news.pid
      this.#begun()
    } else if ('said' in news) {
      this.#said += news.said
      if (this.#serves) process.stderr.write(news.said.replace(/^(?=.)/gm, `${name}: `))
      else if (ready instanceof RegExp && ready.test(this.#said)) this.#serving()
    } else {
      this.#pid = undefined
      if (this.#serves) process.stderr.write(`${name}: ended (${news.ended})\n`)
      this.#ended(news.ended)
    }
  }

  async #leave(): Promise<void> {
    if (this.#keeper.exitCode !== null || this.#keeper.signalCode !== null) return
    const exited = once(this.#keeper, 'exit')
    this.#keeper.disconnect()
    await exited
  }
}

/**
 * A port that is probably free. It lies below the range from which systems take ports by themselves,
 * so that no outgoing connection has it.
 */
function likelyPort(): number {
  return 20_000 + Math.floor(Math.random() * 12_000)
}
