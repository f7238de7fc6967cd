import { type ChildProcess, execFile, fork } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { loadingFlags } from './loading-flags.ts'
import type { RudeMessage, RudeOrder, RudeReply } from './rude-orders.ts'

/** What runs there. It lies beside this file: a source where this is one, compiled where this is. */
const SCRIPT = new URL(`./rude-process-child${extname(import.meta.url)}`, import.meta.url)

/** Those that would outlive a process that ends without closing them: one that is stopped hears no end. */
const living = new Set<ChildProcess>()

type ChildState =
  /** -> stopped, dead */
  | 'running'
  /** By SIGSTOP. -> running, dead */
  | 'stopped'
  | 'dead'

interface Pending {
  readonly resolve: (where: RudeWhere) => void
  readonly reject: (error: Error) => void
  /** Told when the process ends first. */
  readonly cut: (error: Error) => void
}

/** Where a server listens. */
export interface RudeWhere {
  readonly host: string
  readonly port: number
}

/** The process of a rude server. It carries out orders until it ends, and answers each once. */
export class RudeChild {
  readonly #child: ChildProcess
  readonly #ended: Promise<void>
  readonly #pending = new Map<number, Pending>()
  #state: ChildState = 'running'
  #asked = 0

  constructor() {
    const child = fork(fileURLToPath(SCRIPT), {
      execArgv: loadingFlags(process.execArgv),
      serialization: 'advanced',
      // Passed on, not inherited: who reads this process's output to its end must not wait for one
      // that is stopped and was left behind.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    hold(child)
    child.stdout?.on('data', (bytes: Buffer) => process.stdout.write(bytes))
    child.stderr?.on('data', (bytes: Buffer) => process.stderr.write(bytes))
    child.on('message', (reply: RudeReply) => this.#settle(reply))
    this.#ended = new Promise((resolve) => {
      const end = (why: string): void => {
        this.#state = 'dead'
        drop(child)
        for (const { cut } of this.#pending.values()) cut(new Error(why))
        this.#pending.clear()
        resolve()
      }
      child.on('close', (code, signal) => end(`the server's process ended with ${signal ?? code}`))
      child.on('error', (error) => {
        if (child.pid === undefined) end(`the server's process did not start: ${error.message}`)
      })
    })
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  get state(): ChildState {
    return this.#state
  }

  /** Resolves when the order is carried out; a stopped process takes its time. */
  ask(order: RudeOrder): Promise<RudeWhere> {
    return new Promise((resolve, reject) => {
      const nth = ++this.#asked
      const message: RudeMessage = { ...order, nth }
      if (this.#state === 'dead') throw new Error('the server has no process: restart it')
      this.#child.send(message, (error) => {
        if (error !== null) reject(error)
      })
      // What is to be done to its connections is done when they are gone.
      const cut = order.verb === 'do' ? () => resolve({ host: '', port: 0 }) : reject
      this.#pending.set(nth, { resolve, reject, cut })
    })
  }

  /** Resolves once the system has stopped it. */
  async stop(): Promise<void> {
    if (process.platform === 'win32') throw new Error('Windows has no SIGSTOP')
    if (this.#state === 'dead') throw new Error('the server has no process: restart it')
    this.#child.kill('SIGSTOP')
    this.#state = 'stopped'
    while (this.#state === 'stopped' && !(await isStopped(this.#child.pid))) await setTimeout(1)
  }

  /** Resolves once it does something again. */
  async continue(): Promise<void> {
    if (this.#state === 'stopped') {
      this.#child.kill('SIGCONT')
      this.#state = 'running'
    }
    await this.ask({ verb: 'ping' })
  }

  /** Resolves once it has ended; also one that is stopped. */
  kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    return this.#ended
  }

  #settle(reply: RudeReply): void {
    const pending = this.#pending.get(reply.nth)
    this.#pending.delete(reply.nth)
    if (!('error' in reply)) pending?.resolve(reply)
    else pending?.reject(Object.assign(new Error(reply.error.message), { code: reply.error.code }))
  }
}

function hold(child: ChildProcess): void {
  if (living.size === 0) process.on('exit', killAll)
  living.add(child)
}

function drop(child: ChildProcess): void {
  living.delete(child)
  if (living.size === 0) process.off('exit', killAll)
}

function killAll(): void {
  for (const child of living) child.kill('SIGKILL')
}

async function isStopped(pid: number | undefined): Promise<boolean> {
  if (process.platform !== 'linux') {
    const { stdout } = await promisify(execFile)('ps', ['-o', 'state=', '-p', String(pid)])
    return stdout.startsWith('T')
  }
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  // The state follows the name in parentheses, which may itself hold some.
  return stat.charAt(stat.lastIndexOf(')') + 2) === 'T'
}
