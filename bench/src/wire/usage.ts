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
    const { user, system } = process.cpuUsage(cpu)
    return { seconds: (performance.now() - since) / 1_000, cpuUs: user + system }
  }
}
