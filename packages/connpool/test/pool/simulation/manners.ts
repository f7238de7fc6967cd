import type { FailureClass } from '../../../src/core/backoff.ts'
import type { Verb } from './call.ts'
import { mishap, oddity } from './mishap.ts'
import type { World } from './world.ts'

/** How a verb answers. */
export interface Manner {
  /** Below 0: at once, without a promise. Infinity: not by itself. */
  readonly afterMs: number
  readonly outcome: 'ok' | 'fails' | 'odd'
  readonly answer: unknown
  readonly error: unknown
  /** Whether it fails when it is told to stop, and how long after that. */
  readonly heeds: boolean
  readonly heedsAfterMs: number
}

const PLAIN: Manner = {
  afterMs: 0,
  outcome: 'ok',
  answer: undefined,
  error: undefined,
  heeds: false,
  heedsAfterMs: 0,
}

/** How many of a hundred calls fail and hang, in each weather; a class of failure is a weather, too. */
const WEATHERS: Readonly<Record<string, readonly [fails: number, hangs: number]>> = {
  fair: [3, 1],
  rough: [40, 15],
  slow: [3, 20],
  config: [90, 5],
  local: [90, 5],
  overload: [90, 5],
  backend: [90, 5],
}
const CLASSES: readonly FailureClass[] = ['backend', 'config', 'local', 'overload']

/** Draws how a verb answers; `broken`: the peer is not there any more. */
export function mannerOf(world: World, verb: Verb, broken = false): Manner {
  const { chance, weather } = world
  const [fails, hangs] = WEATHERS[weather] ?? [0, 0]
  const drawn = (99.999 - chance.below(100_000) / 1_000) % 100
  const outcome =
    drawn < fails || broken ? 'fails' : drawn > 99.5 && chance.maybe(0.2) ? 'odd' : 'ok'
  const hung = outcome === 'fails' ? broken && chance.maybe(0.5) : drawn < fails + hangs
  if (outcome === 'ok' && !hung && chance.maybe(0) === false && chance.next() === 0) return PLAIN
  const waits = weather === 'slow' ? 2_000 : chance.oneOf(0, 0, 3, 30, 300)
  const afterMs = hung ? Infinity : chance.oneOf(0, -1, 1 + chance.below(1 + waits), waits)
  return {
    afterMs,
    outcome,
    answer: answerOf(world, verb, outcome),
    error: errorOf(world),
    heeds: chance.maybe(0.6),
    heedsAfterMs: chance.oneOf(0, 1, 20, 1_000),
  }
}

function answerOf({ chance }: World, verb: Verb, outcome: Manner['outcome']): unknown {
  if (verb === 'probe' && outcome === 'fails') return false
  if (verb === 'probe') return chance.oneOf<unknown>(undefined, true, 0, '', null)
  return chance.oneOf<unknown>(undefined, false, 'done')
}

function errorOf({ chance, weather }: World): unknown {
  if (chance.maybe(0.05)) return oddity(chance)
  const named = CLASSES.find((name) => name === weather)
  return mishap(chance, named ?? chance.oneOf(...CLASSES_DRAWN))
}

const CLASSES_DRAWN = ['backend', 'backend', 'backend', 'config', 'local', 'overload'] as const
