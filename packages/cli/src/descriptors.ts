import { DemoError } from './demo-error.ts'
import type { DemoFlags } from './flags.ts'

// Standard streams, the event loop, the IPC channel, the listening socket, files of the runtime.
const OF_ITS_OWN = 64

/**
 * Sees to it that the gateway, which needs the most, may open a file descriptor for every client and for
 * every connection to the API. `limit` is null where it is not known.
 * @throws DemoError that says what to do
 */
export function checkDescriptors(flags: DemoFlags, limit: number | null): void {
  const { connections, max } = flags
  // A new connection each time takes one for every client, whatever --max says.
  const needed = connections + Math.max(connections, max) + OF_ITS_OWN
  if (limit === null || needed <= limit) return
  const fits = Math.floor((limit - OF_ITS_OWN) / 2)
  const fewer = fits >= 1 ? `, or run with --connections ${fits} --max ${Math.min(max, fits)}` : ''
  throw new DemoError(
    `${connections} clients need ${needed} file descriptors in a process and the limit is ${limit}: ` +
      `raise it (ulimit -n ${needed}, which may take root)${fewer}.`,
  )
}

/** How many descriptors a Node process may open: Node raises its soft limit to the hard one. */
export function descriptorLimit(): number | null {
  const report: unknown = process.report?.getReport()
  if (typeof report !== 'object' || report === null || !('userLimits' in report)) return null
  const limits: unknown = report.userLimits
  if (typeof limits !== 'object' || limits === null || !('open_files' in limits)) return null
  const open: unknown = limits.open_files
  if (typeof open !== 'object' || open === null || !('soft' in open)) return null
  return typeof open.soft === 'number' ? open.soft : null
}
