import { answerAtOnce, interrupt } from '../support/haste.ts'
import { World } from '../support/world.ts'
import { inEffect, isUnsettled } from './choices.ts'
import { type Event, happen } from './event.ts'
import type { Setting } from './setting.ts'

/** An event, and what the world did in the middle of it. */
export interface Step {
  readonly event: Event
  readonly meddling?: Meddling
}

export interface Meddling {
  /** In which effect of the event, from 0. */
  readonly at: number
  readonly event: Event
}

export type History = readonly Step[]

/** Chance, in an explored world: always the same, so that a history has one outcome. */
const HALF = () => 0.5

export function begin({ limits, haste }: Setting): World {
  const world = new World(limits, HALF)
  if (haste === 'obliging') answerAtOnce(world, true)
  if (haste === 'failing') answerAtOnce(world, false)
  return world
}

/** The world after a history, unjudged: whatever breaks a law in it was found before. */
export function worldAfter(setting: Setting, history: History): World {
  const world = begin(setting)
  world.judging = false
  world.start()
  for (const step of history) take(world, setting, step)
  return world
}

/** One step, and the end of the turn that it happens in. */
export function take(world: World, setting: Setting, { event, meddling }: Step): void {
  if (meddling !== undefined) interrupt(world, meddling.at, () => happen(world, meddling.event))
  happen(world, event)
  rest(world, setting)
}

/** A step that was tried, and what came of it. */
export interface Attempt {
  readonly step: Step
  readonly error: Error | null
  /** Effects that the event had. */
  readonly effects: number
  /** Things that could have been done in the middle of the one that was chosen. */
  readonly choices: number
}

/** Does the event, and in its effect `at` the `nth` of all things that can be done there. */
export function attempt(
  world: World,
  setting: Setting,
  event: Event,
  at: number,
  nth: number,
): Attempt {
  const { react } = world
  let step: Step = { event }
  let [effects, choices] = [0, 0]
  let error: Error | null = null
  world.react = (effect, subject) => {
    react(effect, subject)
    if (effects++ !== at) return
    const events = inEffect(world, setting)
    const chosen = events[nth]
    choices = events.length
    if (chosen === undefined) return
    step = { event, meddling: { at, event: chosen } }
    happen(world, chosen)
  }
  try {
    happen(world, event)
    world.react = react
    rest(world, setting)
  } catch (thrown) {
    error = thrown instanceof Error ? thrown : new Error(String(thrown))
  }
  return { step, error, effects, choices }
}

function rest(world: World, setting: Setting): void {
  if (!setting.turns && isUnsettled(world)) world.settle()
  forgetGhosts(world)
}

/** Of the dials that were given up only the last may still answer: there could be ever more. */
function forgetGhosts({ connections }: World): void {
  let isLast = true
  for (let index = connections.length - 1; index >= 0; index--) {
    const connection = connections[index]
    if (connection?.dial !== 'running' || connection.slot.state !== 'closed') continue
    if (!isLast) connection.dial = 'failed'
    isLast = false
  }
}
