import { type ChildProcess, fork } from 'node:child_process'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { Progress, Shift } from './soak-worker.ts'

const usage = `npm run test:soak -- [--minutes N] [--runs N] [--seed S] [--workers N]

  --minutes N   for how long; default 1, or as long as the runs take
  --runs N      how many simulations at most
  --seed S      the first seed, 1 to 1000000000; each run takes the next. Default: SEED, or any
  --workers N   processes; default: one for each core

Simulates pools until the time is over, and ends with status 1 if a law was broken.
`

const LARGEST_SEED = 1_000_000_000
const TELL_EVERY_MS = 10_000
/** A simulation that takes longer has come to a stand. */
const STUCK_MS = 90_000

const worker = fileURLToPath(new URL('./soak-worker.ts', import.meta.url))

interface Order {
  readonly forMs: number
  readonly runs: number
  readonly seed: number
  readonly workers: number
}

/** Reads the command line. Throws a sentence that names the flag and what it takes. */
function order(args: readonly string[]): Order | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string' },
      runs: { type: 'string' },
      seed: { type: 'string', default: process.env.SEED ?? String(anySeed()) },
      workers: { type: 'string', default: String(availableParallelism()) },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const { minutes = values.runs === undefined ? '1' : '1440', runs = '1000000000' } = values
  return {
    forMs: read('--minutes', minutes, Number.MIN_VALUE, 1_440, false) * 60_000,
    runs: read('--runs', runs, 1, 1_000_000_000, true),
    seed: read('--seed', values.seed, 1, LARGEST_SEED, true),
    workers: Math.min(read('--workers', values.workers, 1, 64, true), Number(runs)),
  }
}

function read(flag: string, text: string, least: number, most: number, whole: boolean): number {
  const value = text.trim() === '' ? Number.NaN : Number(text)
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return value
  const range = whole ? `a whole number from ${least} to ${most}` : `a number over 0, up to ${most}`
  throw new Error(`${flag} is ${JSON.stringify(text)}; it must be ${range}`)
}

function anySeed(): number {
  return 1 + Math.floor(Math.random() * (LARGEST_SEED / 2))
}

/** All that its processes did. */
class Soak {
  readonly #order: Order
  readonly #began = performance.now()
  readonly #children = new Set<ChildProcess>()
  #runs = 0
  #events = 0
  #violations = 0
  #ended: () => void = () => {}

  constructor(given: Order) {
    this.#order = given
  }

  /** Answers how many violations there were. */
  async run(): Promise<number> {
    const { workers, seed } = this.#order
    console.log(`seed ${seed}, ${workers} ${workers === 1 ? 'process' : 'processes'}`)
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve
    })
    for (let index = 0; index < workers; index++) this.#start(index)
    const progress = setInterval(() => console.log(this.#line()), TELL_EVERY_MS)
    await ended
    clearInterval(progress)
    console.log(this.#line())
    return this.#violations
  }

  #start(index: number): void {
    const { seed, workers, runs, forMs } = this.#order
    const share = Math.floor((runs + workers - 1 - index) / workers)
    const shift: Shift = { seed: seed + index, stride: workers, runs: share, forMs }
    const child = fork(worker, [JSON.stringify(shift)])
    this.#children.add(child)
    let next = shift.seed
    let isStuck = false
    const stuck = setTimeout(() => {
      isStuck = true
      this.#broken(`a run came to a stand, at seed ${next} or soon after`)
      child.kill('SIGKILL')
    }, STUCK_MS)
    // Told by its own type: that is all it sends.
    child.on('message', (message) => {
      const progress = message as Progress
      next = progress.seed
      stuck.refresh()
      this.#count(progress)
    })
    child.on('exit', (code, signal) => {
      clearTimeout(stuck)
      if (code !== 0 && !isStuck) {
        this.#broken(`a process ended with ${code ?? signal}, at seed ${next} or soon after`)
      }
      this.#children.delete(child)
      if (this.#children.size === 0) this.#ended()
    })
  }

  #count({ runs, events, violations, text }: Progress): void {
    this.#runs += runs
    this.#events += events
    this.#violations += violations
    if (text !== null) console.log(`\n${text}\n`)
  }

  #broken(what: string): void {
    this.#violations++
    console.log(`\n${what}\n`)
  }

  #line(): string {
    const minutes = (performance.now() - this.#began) / 60_000
    const millions = (events: number) => `${(events / 1e6).toFixed(1)} million events`
    const rate = millions(this.#events / minutes)
    const took = `${(minutes * 60).toFixed(0)} s`
    return `${took}: ${this.#runs} runs, ${millions(this.#events)} (${rate} a minute), ${this.#violations} violations`
  }
}

try {
  const given = order(process.argv.slice(2))
  if (given === 'help') console.log(usage)
  else process.exitCode = (await new Soak(given).run()) > 0 ? 1 : 0
} catch (error) {
  console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`)
  process.exitCode = 2
}
