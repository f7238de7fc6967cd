import { createHistogram } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../fault.ts'
import type { Lender } from './lender.ts'
import { roundTrip } from './round-trip.ts'
import { measureUsage } from './usage.ts'

/** What one lender's borrowers got done. */
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

export interface EchoTerms {
  /** Loops that each acquire, write, read the echo and release. */
  readonly borrowers: number
  /** The loops run this long before anything counts, in ms. */
  readonly warmUpMs: number
  /** And then this long, in ms. */
  readonly measureMs: number
}

const payload = Buffer.alloc(64, 'x')
/** Whatever the clock says, it is over after so many. */
const mostOperations = 20_000_000

/** Runs the borrowers against one lender. Rejects with the first failure of any. */
export async function runEchoTrial(lender: Lender, terms: EchoTerms): Promise<EchoFigures> {
  const latencies = createHistogram({ figures: 3 })
  let operations = 0
  let over = false

  const borrow = async <Held>(from: Lender<Held>): Promise<void> => {
    while (!over) {
      const since = performance.now()
      const held = await from.take()
      try {
        await roundTrip(from.socketOf(held), payload)
      } catch (error) {
        from.discard(held, error)
        throw error
      }
      from.giveBack(held)
      operations += 1
      if (operations >= mostOperations) over = true
      // In whole microseconds, of which the histogram takes no fewer than one.
      latencies.record(Math.max(1, Math.round((performance.now() - since) * 1_000)))
    }
  }
  const clock = async (): Promise<EchoFigures> => {
    await sleep(terms.warmUpMs)
    latencies.reset()
    operations = 0
    const usage = measureUsage()
    await sleep(terms.measureMs)
    const { seconds, cpuUs } = usage()
    over = true
    if (operations === 0) throw new Fault('nobody got an echo')
    return {
      operations,
      cpuUs: cpuUs / operations,
      perSecond: operations / seconds,
      p50Us: latencies.percentile(50),
      p99Us: latencies.percentile(99),
      p999Us: latencies.percentile(99.9),
    }
  }
  const borrowers = Array.from({ length: terms.borrowers }, () => borrow(lender))
  const [figures] = await Promise.all([clock(), ...borrowers])
  return figures
}
