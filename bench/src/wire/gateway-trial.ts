import { Fault } from '../fault.ts'
import type { ApiFigures } from './api-server.ts'
import type { GatewayFigures } from './gateway.ts'
import { type LoadName, putLoad } from './load.ts'
import { Servant } from './servant.ts'

/** What one gateway got done. */
export interface GatewayTrial {
  readonly perSecond: number
  /** CPU time of the gateway's process for one request, in microseconds. */
  readonly cpuUs: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  /** Connections that the server behind it accepted, in the warm-up too. */
  readonly opened: number
  readonly mostOpen: number
  /** The most memory that the gateway's process ever had resident, in bytes. */
  readonly peakMemory: number
  /** Requests without an answer of 200. */
  readonly failed: number
}

export interface GatewayTerms {
  readonly load: LoadName
  readonly clients: number
  /** Connections to the server behind the gateway, at most. */
  readonly max: number
  readonly warmUpSeconds: number
  readonly seconds: number
}

/** One gateway under load: the server behind it, itself and the clients each in a new process. None of them outlives it. */
export async function runGatewayTrial(
  upstream: string,
  { load, clients, max, warmUpSeconds, seconds }: GatewayTerms,
): Promise<GatewayTrial> {
  const api = await Servant.start('api-server')
  try {
    const gateway = await Servant.start('gateway', upstream, String(api.port), String(max))
    try {
      const terms = { port: gateway.port, clients }
      await putLoad(load, { ...terms, seconds: warmUpSeconds })
      gateway.begin()
      const seen = await putLoad(load, { ...terms, seconds })
      // Each is what that process, of our own, tells of itself.
      const spent = (await gateway.figures()) as GatewayFigures
      const { accepted, mostOpen } = (await api.figures()) as ApiFigures
      const { peakMemory, cpuUs, served } = spent
      if (served === 0) throw new Fault(`the gateway with ${upstream} served nobody`)
      return { ...seen, cpuUs: cpuUs / served, opened: accepted, mostOpen, peakMemory }
    } finally {
      await gateway.end()
    }
  } finally {
    await api.end()
  }
}
