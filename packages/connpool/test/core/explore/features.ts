import type { Limits } from '../../../src/core/limits.ts'
import { type Alphabet, type Feature, type Haste, type Setting, TICK_MS } from './setting.ts'

/** The options and verbs that change what follows from what. */
export const features: readonly Feature[] = [
  // Trouble.
  { name: 'failing dials', failures: ['backend'] },
  { name: 'failure classes', failures: ['backend', 'config', 'local'] },
  { name: 'deaths', deaths: ['backend'] },
  { name: 'silent deaths', silence: true },
  {
    name: 'timeouts',
    limits: () => ({
      createTimeoutMs: TICK_MS,
      probeTimeoutMs: TICK_MS,
      resetTimeoutMs: TICK_MS,
      destroyTimeoutMs: TICK_MS,
    }),
  },
  { name: 'late alarms', late: true },
  // Sizes.
  { name: 'min', limits: () => ({ min: 1 }) },
  { name: 'ready', ready: true, limits: () => ({ min: 1 }) },
  { name: 'minIdle', limits: () => ({ minIdle: 1 }) },
  { name: 'maxIdle', limits: (max) => ({ maxIdle: max - 1 }) },
  { name: 'increment', limits: () => ({ increment: 2 }) },
  { name: 'maxConnecting', limits: () => ({ maxConnecting: 1 }) },
  { name: 'shared', limits: () => ({ maxLeases: 2 }) },
  { name: 'offers', offers: true, limits: () => ({ dials: false }) },
  // The queue.
  { name: 'maxWaiters', limits: () => ({ maxWaiters: 1 }) },
  { name: 'priorities', asks: [{ priority: 1 }] },
  { name: 'adaptive-lifo', limits: () => ({ queueOrder: 'adaptive-lifo' }) },
  { name: 'deadlines', asks: [{ timeoutMs: TICK_MS }] },
  { name: 'no patience', asks: [{ timeoutMs: 0 }] },
  // Idle connections.
  { name: 'idle fifo', limits: () => ({ idleOrder: 'fifo' }) },
  { name: 'turns', turns: true },
  { name: 'freshForMs', limits: () => ({ freshForMs: TICK_MS }) },
  {
    name: 'idleness',
    releases: [{ idleForMs: TICK_MS }],
    limits: () => ({ idleTimeoutMs: 2 * TICK_MS }),
  },
  { name: 'probes', limits: () => ({ probes: true, probeAfterIdleMs: TICK_MS }) },
  { name: 'constant probes', limits: () => ({ probes: true, probeAfterIdleMs: 0 }) },
  {
    name: 'upkeep probes',
    limits: () => ({ probes: true, probeAfterIdleMs: Infinity, probeEveryMs: TICK_MS }),
  },
  // Ends.
  { name: 'resets', limits: () => ({ resets: true }) },
  { name: 'unsent bytes', releases: [{ unsent: true }] },
  { name: 'maxUses', limits: () => ({ maxUses: 2 }) },
  { name: 'lifetime', limits: () => ({ maxLifetimeMs: 2 * TICK_MS }) },
  { name: 'readdressing', expires: [0, 2 * TICK_MS] },
  { name: 'detaching', detach: true },
  // Steering.
  {
    name: 'resize',
    resizes: [
      [0, 1],
      [0, 2],
      [1, 2],
    ],
  },
  { name: 'pause', pause: true },
  { name: 'invalidate', invalidate: true },
  { name: 'close', closes: [0, TICK_MS] },
]

/** Times that have no end, unless a feature gives them one; a delay that grows once. */
const bare: Partial<Limits> = {
  createTimeoutMs: Infinity,
  probeTimeoutMs: Infinity,
  resetTimeoutMs: Infinity,
  destroyTimeoutMs: Infinity,
  probeRetries: 2,
  backoff: {
    initialMs: TICK_MS,
    maxMs: 2 * TICK_MS,
    factor: 2,
    jitter: 0,
    failFastAfter: 2,
  },
}

const hastes: Record<Haste, string> = {
  none: '',
  obliging: 'answered well at once',
  failing: 'failed at once',
  meddling: 'meddled with',
}

/** A pool of that size with those features; null when the options do not go together. */
export function settingOf(
  max: number,
  callers: number,
  chosen: readonly Feature[],
  haste: Haste = 'none',
): Setting | null {
  let limits: Partial<Limits> = { ...bare, max }
  for (const feature of chosen) limits = { ...limits, ...feature.limits?.(max) }
  const { resets = false, maxLeases = 1, min = 0 } = limits
  if ((resets && maxLeases > 1) || !goTogether(limits, min, max)) return null
  const alphabet: Alphabet = {
    asks: chosen.flatMap(({ asks = [] }) => asks),
    releases: chosen.flatMap(({ releases = [] }) => releases),
    failures: [...new Set(chosen.flatMap(({ failures = [] }) => failures))],
    deaths: [...new Set(chosen.flatMap(({ deaths = [] }) => deaths))],
    resizes: chosen.flatMap(({ resizes = [] }) =>
      resizes.filter((sizes) => goTogether(limits, ...sizes)),
    ),
    closes: chosen.flatMap(({ closes = [] }) => closes),
    expires: chosen.flatMap(({ expires = [] }) => expires),
    ready: chosen.some(({ ready }) => ready),
    detach: chosen.some(({ detach }) => detach),
    invalidate: chosen.some(({ invalidate }) => invalidate),
    pause: chosen.some(({ pause }) => pause),
    offers: chosen.some(({ offers }) => offers),
    silence: chosen.some(({ silence }) => silence),
    turns: chosen.some(({ turns }) => turns),
    late: chosen.some(({ late }) => late),
  }
  const words = [`max ${max}`, chosen.map((feature) => feature.name).join(' + '), hastes[haste]]
  const name = words.filter((word) => word !== '').join(', ')
  return { name, callers, haste, limits, ...alphabet }
}

/** Whether the sizes are any that the pool lets pass. */
function goTogether({ minIdle = 0, maxIdle }: Partial<Limits>, min: number, max: number): boolean {
  const most = Math.min(maxIdle ?? max, max)
  return min <= most && minIdle <= most
}
