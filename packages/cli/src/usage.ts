/** What this process spent between two moments. */
export interface Usage {
  readonly seconds: number
  /** User and system time of all its threads, in microseconds. */
  readonly cpuUs: number
}

/** Starts to measure this process; the answer ends it. */
export function measureUsage(): () => Usage {
  const cpu = process.cpuUsage()
  const since = performance.now()
  return () => {
    const spent = process.cpuUsage(cpu)
    return { seconds: (performance.now() - since) / 1000, cpuUs: spent.user + spent.system }
  }
}

/** The most memory this process ever had resident, in bytes. */
export function peakMemory(): number {
  return process.resourceUsage().maxRSS * 1024
}
