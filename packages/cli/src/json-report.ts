import { findings } from './findings.ts'
import type { Report } from './report.ts'
import { connectionsFor, sizing } from './sizing.ts'

/** The report as `--json` writes it: figures, ratios to the first mode, Little's law, and the sentences. */
export function jsonReport(report: Report): Record<string, unknown> {
  const { flags, cores, modes } = report
  const [base] = modes
  const fastest = Math.max(...modes.map(({ requestsPerSecond }) => requestsPerSecond))
  return {
    version: 1,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cores,
    flags,
    modes: Object.fromEntries(modes.map((figures) => [figures.mode, figures])),
    ratios: Object.fromEntries(
      modes
        .filter((figures) => base !== undefined && figures !== base)
        .map((figures) => [
          `${figures.mode}/${base?.mode}`,
          {
            requestsPerSecond: ratio(figures.requestsPerSecond, base?.requestsPerSecond),
            meanLatency: ratio(figures.latencyMs.mean, base?.latencyMs.mean),
            p99Latency: ratio(figures.latencyMs.p99, base?.latencyMs.p99),
            gatewayCpuPerRequest: ratio(
              figures.gateway.cpuUsPerRequest,
              base?.gateway.cpuUsPerRequest,
            ),
            gatewayPeakMemory: ratio(
              figures.gateway.peakMemoryBytes,
              base?.gateway.peakMemoryBytes,
            ),
          },
        ]),
    ),
    littlesLaw: Object.fromEntries(
      modes.map((figures) => [
        figures.mode,
        {
          ...sizing(figures, flags.max, cores, flags.delay),
          sizeForFastestRate: Math.ceil(connectionsFor(fastest, figures.heldMs)),
        },
      ]),
    ),
    findings: findings(report),
  }
}

function ratio(value: number, base: number | undefined): number | null {
  return base === undefined || base === 0 ? null : value / base
}
