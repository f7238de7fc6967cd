import type { ApiFigures } from './api-server.ts'
import type { GatewayFigures } from './gateway.ts'
import type { LoadFigures } from './load.ts'
import type { Mode } from './upstream.ts'

/** What one process spent. */
export interface Cost {
  readonly cpuUsPerRequest: number
  /** Of one core: 1 is a whole core for the whole time. */
  readonly cores: number
}

/** What was measured in one mode, from the three processes that took part. */
export interface Figures {
  readonly mode: Mode
  /** Requests that a client saw answered with 200. */
  readonly answered: number
  readonly requestsPerSecond: number
  readonly latencyMs: {
    readonly mean: number
    readonly p50: number
    readonly p99: number
    readonly max: number
  }
  readonly gateway: Cost & { readonly peakMemoryBytes: number }
  readonly api: Cost
  readonly load: Cost
  /** Cores taken by other programs of the machine; null where nobody can tell. */
  readonly otherCores: number | null
  /** To the API, since the mode's start, its warm-up included. */
  readonly connections: {
    readonly opened: number
    readonly accepted: number
    readonly mostOpen: number
  }
  /** For how long a request had a connection to the API for itself, on average. */
  readonly heldMs: number
  readonly errors: number
  /** Errors as the clients saw them. */
  readonly errorsSeen: Readonly<Record<string, number>>
  /** Errors of the gateway toward the API, by code. */
  readonly failures: Readonly<Record<string, number>>
}

/** @param busyCores of the whole machine meanwhile */
export function combine(
  mode: Mode,
  api: ApiFigures,
  gateway: GatewayFigures,
  load: LoadFigures,
  busyCores: number | null,
): Figures {
  const own =
    (api.cpuUs / api.seconds + gateway.cpuUs / gateway.seconds + load.cpuUs / load.seconds) / 1e6
  return {
    mode,
    answered: load.answered,
    requestsPerSecond: load.answered / load.seconds,
    latencyMs: { mean: load.meanMs, p50: load.p50Ms, p99: load.p99Ms, max: load.maxMs },
    gateway: { ...cost(gateway, gateway.served), peakMemoryBytes: gateway.peakMemory },
    api: cost(api, api.served),
    load: cost(load, load.answered),
    otherCores: busyCores === null ? null : Math.max(0, busyCores - own),
    connections: {
      opened: gateway.opened,
      accepted: api.accepted,
      mostOpen: api.mostOpen,
    },
    heldMs: gateway.heldMs,
    errors: Object.values(load.errors).reduce((sum, count) => sum + count, 0),
    errorsSeen: load.errors,
    failures: gateway.failures,
  }
}

function cost(spent: { cpuUs: number; seconds: number }, requests: number): Cost {
  return {
    cpuUsPerRequest: requests === 0 ? 0 : spent.cpuUs / requests,
    cores: spent.cpuUs / 1e6 / spent.seconds,
  }
}
