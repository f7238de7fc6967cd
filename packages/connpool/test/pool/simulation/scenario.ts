import { Chance } from './chance.ts'
import { FREQUENT, RARE } from './kinds.ts'

/** What the options of a simulated pool are drawn from. The first of each is the plainest, and the default. */
export const CHOICES = {
  max: [2, 1, 3, 4, 6],
  min: [0, 0, 1, 2, 3],
  minIdle: [0, 0, 1, 2],
  maxIdle: [6, 6, 1, 2],
  increment: [1, 1, 2, 3],
  maxLeases: [1, 1, 1, 2, 3],
  maxConnecting: [4, 1, 2],
  maxWaiters: [Infinity, Infinity, 5, 2, 0],
  maxUses: [Infinity, Infinity, 3, 2, 1],
  acquireTimeoutMs: [1_000, 200, 60, 0, Infinity],
  createTimeoutMs: [5_000, 300, 100],
  probeTimeoutMs: [1_000, 80],
  resetTimeoutMs: [1_000, 80],
  destroyTimeoutMs: [5_000, 400, 120],
  closeGraceMs: [1_000, 0, 50],
  freshForMs: [0, 0, 15],
  idleTimeoutMs: [Infinity, 200, 40],
  maxLifetimeMs: [Infinity, Infinity, 1_500, 300],
  lifetimeJitter: [0, 0.1, 1],
  probeAfterIdleMs: [500, 50, 0],
  probeEveryMs: [Infinity, 60],
  probeRetries: [3, 1],
  idleOrder: ['lifo', 'fifo'],
  queueOrder: ['fifo', 'fifo', 'adaptive-lifo'],
  initialMs: [100, 10, 400],
  maxMs: [1_000, 400],
  jitter: [0, 0, 1, 0.5],
  failFastAfter: [5, 2, 1, Infinity],
  /** Which verbs and ports the pool is given. */
  probes: [false, true],
  resets: [false, true],
  custody: [false, true],
  hints: [false, true],
  listens: [false, true],
  /** How often a callback calls back into the pool, or throws. */
  haste: [0, 0, 0.05, 0.25],
} as const

type Choices = typeof CHOICES
export type Settings = { readonly [Name in keyof Choices]: Choices[Name][number] }

/** One thing that somebody does, or that happens; its seed draws all that it leaves open. */
export interface Step {
  readonly kind: string
  readonly seed: number
}

/** A pool and what it goes through: plain data, from which every run is the same. */
export interface Scenario {
  readonly settings: Partial<Settings>
  readonly steps: readonly Step[]
}

export const STEPS = 80
export const LARGEST_SEED: number = 2 ** 31 - 1

/** The scenario of a seed. */
export function scenarioOf(seed: number, length: number = STEPS): Scenario {
  // Seed 0 stands for no chance at all.
  const chance = new Chance(seed * 2 + 1)
  const drawn = Object.entries(CHOICES).map(([name, values]) => [
    name,
    values[chance.below(values.length)],
  ])
  const steps = Array.from({ length }, (): Step => {
    const kind = chance.pick(chance.maybe(0.12) ? RARE : FREQUENT) ?? 'rest'
    return { kind, seed: chance.below(LARGEST_SEED) + 1 }
  })
  return { settings: Object.fromEntries(drawn), steps }
}

/** All settings, so that they agree with each other whatever was left out. */
export function settingsOf(given: Partial<Settings>): Settings {
  const plainest = Object.fromEntries(
    Object.entries(CHOICES).map(([name, values]) => [name, values[0]]),
  )
  return { ...plainest, ...given } as Settings // Each name has a value of its choices.
}
