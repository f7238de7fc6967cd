import { readFileSync } from 'node:fs'

/** Takes the time of every turn of the event loop. It keeps the loop turning meanwhile. */
export class LoopWatch {
  #longestMs = 0
  #running = true
  #wall = performance.now()
  #cpu = cpuMs()

  constructor() {
    setImmediate(this.#turn)
  }

  /**
   * The longest turn until now, the one that is under way included, in ms. Of a turn's time and the CPU time that was spent in
   * it, the shorter counts: a machine that was busy with others says nothing of the pool.
   */
  async stop(): Promise<number> {
    await new Promise(setImmediate)
    this.#running = false
    return this.#longestMs
  }

  readonly #turn = (): void => {
    const wall = performance.now()
    const cpu = cpuMs()
    this.#longestMs = Math.max(this.#longestMs, Math.min(wall - this.#wall, cpu - this.#cpu))
    this.#wall = wall
    this.#cpu = cpu
    if (this.#running) setImmediate(this.#turn)
  }
}

/** CPU time of the main thread where the system tells, else of the whole process, which the collector's threads share. */
function cpuMs(): number {
  try {
    return Number(readFileSync('/proc/self/schedstat', 'latin1').split(' ')[0]) / 1e6
  } catch {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1_000
  }
}
