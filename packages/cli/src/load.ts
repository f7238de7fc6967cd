import { Histogram } from './histogram.ts'
import { LoadClient } from './load-client.ts'
import type { Actor } from './stage.ts'
import { Tally } from './tally.ts'
import { measureUsage } from './usage.ts'

export interface LoadConfig {
  /** Where the gateway listens on loopback. */
  readonly port: number
  /** Keep-alive clients, each with one request at a time. */
  readonly connections: number
}

export interface LoadFigures {
  readonly seconds: number
  readonly cpuUs: number
  /** Requests answered with 200. */
  readonly answered: number
  /** All others, by status or error code. */
  readonly errors: Readonly<Record<string, number>>
  readonly meanMs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

const DIALS_AT_A_TIME = 64

/**
 * The load: keep-alive clients that each ask again as soon as they are answered (a closed loop, so a slow
 * gateway is asked less). It starts to ask once all of them are connected; rejects when the gateway cannot
 * be reached.
 */
export async function startLoad({ port, connections }: LoadConfig): Promise<Actor<LoadFigures>> {
  const latencies = new Histogram()
  const errors = new Tally()
  let usage = measureUsage()

  const clients = Array.from(
    { length: connections },
    () =>
      new LoadClient(port, {
        answered: (us) => latencies.record(us),
        failed: (why) => errors.add(why),
      }),
  )
  for (let from = 0; from < clients.length; from += DIALS_AT_A_TIME) {
    await Promise.all(clients.slice(from, from + DIALS_AT_A_TIME).map((client) => client.connect()))
  }
  for (const client of clients) client.ask()

  return {
    port: 0,
    begin: () => {
      latencies.clear()
      errors.clear()
      usage = measureUsage()
    },
    end: () => {
      const spent = usage()
      for (const client of clients) client.stop()
      return {
        ...spent,
        answered: latencies.count,
        errors: errors.snapshot(),
        meanMs: latencies.mean / 1000,
        p50Ms: latencies.percentile(50) / 1000,
        p99Ms: latencies.percentile(99) / 1000,
        maxMs: latencies.max / 1000,
      }
    },
  }
}
