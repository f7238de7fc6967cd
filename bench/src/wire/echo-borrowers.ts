import { createHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../fault.ts'
import { type Lender, type LenderName, openLender } from './lender.ts'
import { roundTrip } from './round-trip.ts'
import { offer, type Service } from './service.ts'
import { measureUsage } from './usage.ts'

/** What one lender's borrowers got done, in all slices together. */
export interface EchoFigures {
  readonly operations: number
  /** CPU time of the borrowers' process for one operation, in microseconds. */
  readonly cpuUs: number
  readonly perSecond: number
  /** From before the acquire to after the release, in microseconds. */
  readonly p50Us: number
  readonly p99Us: number
  readonly p999Us: number
}

const payload = Buffer.alloc(64, 'x')
/** Whatever the clock says, a slice is over after so many. */
const mostOperations = 1_000_000

/** Loops that each acquire, write, read the echo and release, for as long as a slice lasts. */
class Borrowers<Held> {
  readonly #lender: Lender<Held>
  readonly #count: number
  readonly #latencies = createHistogram({ figures: 3 })
  #operations = 0
  #cpuUs = 0
  #seconds = 0
  #most = 0
  #usage = measureUsage()
  #ended: Promise<unknown> = Promise.resolve()

  constructor(lender: Lender<Held>, count: number) {
    this.#lender = lender
    this.#count = count
  }

  begin(): void {
    this.#most = this.#operations + mostOperations
    this.#usage = measureUsage()
    this.#ended = Promise.all(Array.from({ length: this.#count }, () => this.#borrow()))
  }

  /** Resolves once the last has its echo: each operation that was begun is paid for and counted. */
  async end(): Promise<void> {
    this.#most = 0
    await this.#ended
    const { cpuUs, seconds } = this.#usage()
    this.#cpuUs += cpuUs
    this.#seconds += seconds
  }

  forget(): void {
    this.#latencies.reset()
    this.#operations = 0
    this.#cpuUs = 0
    this.#seconds = 0
  }

  figures(): EchoFigures {
    if (this.#operations === 0) throw new Fault('nobody got an echo')
    return {
      operations: this.#operations,
      cpuUs: this.#cpuUs / this.#operations,
      perSecond: this.#operations / this.#seconds,
      p50Us: this.#latencies.percentile(50),
      p99Us: this.#latencies.percentile(99),
      p999Us: this.#latencies.percentile(99.9),
    }
  }

  async #borrow(): Promise<void> {
    const lender = this.#lender
    while (this.#operations < this.#most) {
      const since = performance.now()
      const held = await lender.take()
      try {
        await roundTrip(lender.socketOf(held), payload)
      } catch (error) {
        lender.discard(held, error)
        throw error
      }
      lender.giveBack(held)
      this.#operations += 1
      // In whole microseconds, of which the histogram takes no fewer than one.
      this.#latencies.record(Math.max(1, Math.round((performance.now() - since) * 1_000)))
    }
  }
}

/** The process of one lender's borrowers: `echo-borrowers.js LENDER PORT BORROWERS CONNECTIONS WARM-UP-MS`. It comes warm. */
async function startBorrowers(name = '', ...numbers: string[]): Promise<Service> {
  const [port = 0, count = 1, max = 1, warmUpMs = 0] = numbers.map(Number)
  // Written by the process that started this one, which knows no other lenders.
  const borrowers = new Borrowers(await openLender(name as LenderName, { port, max }), count)
  borrowers.begin()
  await sleep(warmUpMs)
  await borrowers.end()
  borrowers.forget()
  return {
    port: 0,
    begin: () => borrowers.begin(),
    figures: async () => {
      await borrowers.end()
      return borrowers.figures()
    },
  }
}

await offer(startBorrowers(...process.argv.slice(2)))
