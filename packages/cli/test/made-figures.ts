import type { Figures } from '../src/figures.ts'
import type { Report } from '../src/report.ts'
import type { Mode } from '../src/upstream.ts'

/** Figures with only what a test speaks of; the rest is plausible and without effect. */
export function madeFigures(mode: Mode, given: Partial<Figures> = {}): Figures {
  const requestsPerSecond = given.requestsPerSecond ?? 1000
  return {
    mode,
    answered: requestsPerSecond,
    requestsPerSecond,
    latencyMs: { mean: 10, p50: 9, p99: 30, max: 50 },
    gateway: { cpuUsPerRequest: 50, cores: 0.5, peakMemoryBytes: 100 * 1024 * 1024 },
    api: { cpuUsPerRequest: 20, cores: 0.2 },
    load: { cpuUsPerRequest: 10, cores: 0.1 },
    otherCores: null,
    connections: { opened: 50, accepted: 50, mostOpen: 50 },
    heldMs: 1,
    errors: 0,
    errorsSeen: {},
    failures: {},
    ...given,
  }
}

/** A report over `modes`, by default with a pool of 50 on 2 cores. */
export function madeReport(modes: readonly Figures[], max = 50): Report {
  const flags = { connections: 1000, duration: 10, max, delay: 5, json: null }
  return { flags, cores: 2, modes }
}
