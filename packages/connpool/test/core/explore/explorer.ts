import assert from 'node:assert/strict'
import { goHome, holdStillTogether, prosper } from '../support/futures.ts'
import type { World } from '../support/world.ts'
import { Atlas } from './atlas.ts'
import { choicesOf } from './choices.ts'
import type { Event } from './event.ts'
import { type Attempt, attempt, type History, worldAfter } from './history.ts'
import { identityOf } from './identity.ts'
import type { Setting } from './setting.ts'

/** So many states are no end of them: something in them counts up. They take some 200 MB. */
const MOST_STATES = 400_000

/** What every state must allow, besides the events that are explored. */
export type Future = 'holdStill' | 'prosper' | 'goHome'

const futures: Record<Future, (world: World) => void> = {
  holdStill: (world) => {
    // A delay that nobody waits for ends unnoticed, with the next event.
    const { machine, now } = world
    if (machine.nextDue() > now) machine.moves.backoff.elapse(now)
    const identity = identityOf(world)
    holdStillTogether(world)
    assert.ok(identity === identityOf(world), 'what is stale changes nothing')
  },
  prosper,
  goHome,
}

export interface Violation {
  readonly setting: Setting
  readonly history: History
  /** The future that fails after the history; null when its last step does. */
  readonly future: Future | null
  readonly error: Error
}

export interface Exploration {
  readonly states: number
  readonly transitions: number
  /** Events from the start to the farthest state. */
  readonly depth: number
  readonly violation: Violation | null
}

/** Whatever leads to a state that is known already. */
export type Twins = (setting: Setting, known: History, other: History) => void

/**
 * Every state that a pool can reach, breadth first, so that the first history that breaks a law is a
 * shortest one. A machine cannot be copied: a state is come back to by its history, unjudged.
 */
export function explore(setting: Setting, twins: Twins | null = null): Exploration {
  const atlas = new Atlas(identityOf(worldAfter(setting, [])))
  let transitions = 0
  const outcome = (violation: Violation | null): Exploration => {
    return { states: atlas.size, transitions, depth: atlas.depth, violation }
  }
  for (let state = 0; state < atlas.size; state++) {
    const history = atlas.history(state)
    const lack = lacking(setting, history)
    if (lack !== null) return outcome({ setting, history, ...lack })
    for (const [{ step, error }, world] of attempts(setting, history)) {
      transitions++
      const way = [...history, step]
      if (error !== null) return outcome({ setting, history: way, future: null, error })
      const identity = identityOf(world)
      const known = atlas.find(identity)
      if (known !== undefined) twins?.(setting, atlas.history(known), way)
      else if (atlas.size < MOST_STATES) atlas.add(identity, state, step)
      else return outcome({ setting, history: way, future: null, error: endless() })
    }
  }
  return outcome(null)
}

function endless(): Error {
  return new RangeError(`more than ${MOST_STATES} states`)
}

/** One after the other, everything that can happen after a history. */
function* attempts(
  setting: Setting,
  history: History,
): Generator<readonly [Attempt, World], void, void> {
  let untouched: World | null = worldAfter(setting, history)
  const begin = (event: Event, at: number, nth: number): readonly [Attempt, World] => {
    const world = untouched ?? worldAfter(setting, history)
    untouched = null
    world.judging = true
    return [attempt(world, setting, event, at, nth), world]
  }
  for (const event of choicesOf(untouched, setting)) {
    const plain = begin(event, -1, 0)
    yield plain
    if (setting.haste !== 'meddling') continue
    for (let at = 0; at < plain[0].effects; at++) {
      for (let nth = 0, choices = 1; nth < choices; nth++) {
        const meddled = begin(event, at, nth)
        choices = meddled[0].choices
        if (choices > 0) yield meddled
      }
    }
  }
}

/** The future that the state does not have, if there is one. */
function lacking(
  setting: Setting,
  history: History,
): { readonly future: Future; readonly error: Error } | null {
  const world = worldAfter(setting, history)
  world.react = () => undefined
  for (const future of ['holdStill', 'prosper', 'goHome'] as const) {
    world.judging = future === 'holdStill'
    try {
      futures[future](world)
    } catch (error) {
      if (!(error instanceof Error)) throw error
      return { future, error }
    }
  }
  return null
}
