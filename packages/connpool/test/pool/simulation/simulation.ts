import {
  type PoolSettings,
  type ResolvedSettings,
  resolveSettings,
} from '../../../src/pool/options.ts'
import { createPool, Pool } from '../../../src/pool/pool.ts'
import type { Source } from '../../../src/pool/source.ts'
import { seeded } from '../../support/seeded.ts'
import { Acts } from './acts.ts'
import { Borrowers } from './borrowers.ts'
import { Chance } from './chance.ts'
import { Custodian } from './custodian.ts'
import { goHome } from './ending.ts'
import { checkAtRest } from './laws.ts'
import { Ledger } from './ledger.ts'
import type { Link } from './link.ts'
import { Network } from './network.ts'
import { type Scenario, type Settings, settingsOf } from './scenario.ts'
import { Steering } from './steering.ts'
import { World } from './world.ts'

/** The constructor is not public, and the checker knows published types only. */
const GuardedPool = Pool as unknown as new (
  source: Source<Link>,
  settings: ResolvedSettings,
  custody: Custodian,
) => Pool<Link>

/** What a simulation came to. */
export interface Run {
  /** What broke first, or null. */
  readonly failure: Error | null
  /** Callbacks of the loop, calls of verbs, answers, and settled promises. */
  readonly events: number
}

let runs = 0

/** Lets a scenario happen. The same one always happens in the same way. */
export async function simulate(scenario: Scenario, trace: string[] | null = null): Promise<Run> {
  const given = settingsOf(scenario.settings)
  // The two exclude each other.
  const settings = given.maxLeases > 1 ? { ...given, resets: false } : given
  const world = new World(settings, trace)
  const { loop, verdict } = world
  const network = new Network(world)
  const borrowers = new Borrowers(world, network)
  const steering = new Steering(world)
  const acts = new Acts(world, network, borrowers, steering)
  try {
    world.pool = poolOf(world, network)
    const ledger = settings.listens ? new Ledger(world) : null
    world.react = () => acts.meddle()
    loop.rung = () => network.rung()
    loop.atRest = () => checkAtRest(world, ledger)
    await loop.rest()
    for (const { kind, seed } of scenario.steps) {
      world.chance = new Chance(seed)
      trace?.push(`${world.now} ms  ${kind}`)
      await acts.take(kind)
      if (verdict.first !== null) break
    }
    if (verdict.first === null) {
      trace?.push(`${world.now} ms  go home`)
      await goHome(world, steering, network, borrowers, ledger)
    }
  } catch (error) {
    verdict.first ??= error instanceof Error ? error : new Error(String(error))
  }
  return { failure: verdict.first, events: loop.events }
}

function poolOf(world: World, network: Network): Pool<Link> {
  const { settings, loop } = world
  const options: PoolSettings = {
    name: `simulated-${++runs}`,
    ...limitsOf(world, settings),
    clock: loop,
    random: seeded(7),
  }
  if (!settings.custody) return createPool<Link>({ ...network.source, ...options })
  const resolved = resolveSettings(options.name ?? '', options, {
    probes: settings.probes,
    resets: settings.resets,
    dials: true,
  })
  return new GuardedPool(network.source, resolved, new Custodian(world, network))
}

/** The options of the pool, without what only the simulation knows. */
function limitsOf(world: World, settings: Settings): PoolSettings {
  const { probes, resets, custody, hints, listens, haste, ...rest } = settings
  const { initialMs, maxMs, jitter, failFastAfter, ...limits } = rest
  const { min, minIdle, idleCap } = world
  const backoff = { initialMs, maxMs, jitter, failFastAfter }
  return { ...limits, min, minIdle, maxIdle: idleCap, backoff }
}
