import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Finding, Scope } from './trial.ts'
import type { News, Task } from './worker.ts'

/** What a worker may have of memory, in MB; a fault that needs more has been found. */
const MEMORY_MB = 1_000
/** What a fault that was found may still do before its process is replaced, in ms. */
const DRAIN_MS = 500
/** How long a check may take, in ms: many times what the longest takes. */
const PATIENCE_MS = 20_000
/** After so many trials a process is replaced, once it has been seen that it finds nothing in nothing. */
const TRIALS = 100

/** How much is kept of what a process says before it ends, in characters. */
const LAST_WORDS = 2_000

/** Processes that try code, and are replaced when a fault takes them down. */
export class Crew {
  readonly #root: string
  readonly #patienceMs: number
  readonly #idle: Worker[] = []
  readonly #waiting: ((worker: Worker) => void)[] = []
  readonly #workers = new Set<Worker>()
  #dismissed = false

  /** `patienceMs`: how long a check may take; one that takes longer has found a fault. */
  constructor(root: string, size: number, patienceMs: number = PATIENCE_MS) {
    this.#root = root
    this.#patienceMs = patienceMs
    for (let count = 0; count < size; count++) this.#employ()
  }

  /** What finds a fault in the code, or null. */
  async try(task: Task): Promise<Finding | null> {
    const worker =
      this.#idle.pop() ?? (await new Promise<Worker>((resolve) => this.#waiting.push(resolve)))
    const finding = await worker.try(task)
    void this.#next(worker, task.scope)
    return finding
  }

  /** Ends its processes. */
  dismiss(): void {
    this.#dismissed = true
    for (const worker of this.#workers) worker.end()
  }

  async #next(worker: Worker, scope: Scope): Promise<void> {
    const clean = await worker.rested
    if (clean && worker.trials < TRIALS) return this.#offer(worker)
    if (clean) {
      const found = await worker.try({ scope, code: {} })
      if (found !== null) throw new Error(`a fault left something behind: ${JSON.stringify(found)}`)
    }
    worker.end()
    this.#workers.delete(worker)
    this.#employ()
  }

  #employ(): void {
    if (this.#dismissed) return
    const worker = new Worker(this.#root, this.#patienceMs)
    this.#workers.add(worker)
    this.#offer(worker)
  }

  #offer(worker: Worker): void {
    const whoWaits = this.#waiting.shift()
    if (whoWaits === undefined) this.#idle.push(worker)
    else whoWaits(worker)
  }
}

class Worker {
  readonly #process: ChildProcess
  readonly #patienceMs: number
  trials = 0
  /** Whether nothing is left of what was tried last; false when the process has to be replaced. */
  rested: Promise<boolean> = Promise.resolve(true)
  #group = ''
  #timer: NodeJS.Timeout | undefined
  #found: (finding: Finding | null) => void = () => {}
  #rest: (clean: boolean) => void = () => {}

  constructor(root: string, patienceMs: number) {
    this.#patienceMs = patienceMs
    this.#process = fork(fileURLToPath(new URL('worker.ts', import.meta.url)), [root], {
      execArgv: ['--import', import.meta.resolve('tsx'), `--max-old-space-size=${MEMORY_MB}`],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#process.on('message', (news: News) => this.#hear(news))
    let said = ''
    this.#process.stderr?.setEncoding('utf8').on('data', (text) => {
      said = (said + text).slice(-LAST_WORDS)
    })
    this.#process.on('close', (code, signal) => {
      this.#lose(`ended the process (${signal ?? code}) ${said}`.trim())
    })
  }

  /** A fault that takes the process down, or keeps it for too long, has been found. */
  try(task: Task): Promise<Finding | null> {
    this.trials++
    this.#group = 'loading'
    this.#allow(this.#patienceMs)
    this.#process.send(task)
    this.rested = new Promise((resolve) => {
      this.#rest = resolve
    })
    return new Promise((resolve) => {
      this.#found = resolve
    })
  }

  end(): void {
    clearTimeout(this.#timer)
    this.#process.kill('SIGKILL')
  }

  #hear(news: News): void {
    switch (news.about) {
      case 'begun':
        this.#group = news.group
        return this.#allow(this.#patienceMs)
      case 'done':
        this.#allow(DRAIN_MS)
        return this.#found(news.finding)
      case 'idle':
        clearTimeout(this.#timer)
        return this.#rest(true)
    }
    news satisfies never
  }

  #allow(ms: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      this.#lose('took too long')
      this.end()
    }, ms)
  }

  /** The first answer counts: a promise that was resolved stays so. */
  #lose(message: string): void {
    clearTimeout(this.#timer)
    this.#found({ group: this.#group, check: this.#group, message, events: null })
    this.#rest(false)
  }
}
