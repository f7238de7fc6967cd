import assert from 'node:assert/strict'
import { type Idle, repetitions, staleAnswers } from './stale.ts'
import type { World } from './world.ts'

/** After so many answers and alarms a kind world is at rest, and nobody waits any more. */
const PATIENCE = 200

/** What is late, doubled or stale changes nothing, and neither does what is done again. */
export function holdStill(world: World): void {
  for (const [what, act] of idleActs(world)) world.quiet(what, act)
}

/** The same, looked at only once all is done. */
export function holdStillTogether(world: World): void {
  const acts = idleActs(world)
  world.quiet('what is stale', () => {
    for (const [, act] of acts) act()
  })
}

function idleActs(world: World): Idle[] {
  return [...world.connections.flatMap((c) => staleAnswers(world, c)), ...repetitions(world)]
}

/** The world is kind from now on: it answers well, and whoever is served gives back. All are served. */
export function prosper(world: World): void {
  if (world.truth.closing) return
  world.resume()
  for (let rounds = 0; rounds < PATIENCE; rounds++) {
    if (answerAll(world)) continue
    if (!isAwaited(world)) return
    const due = world.machine.nextDue()
    if (due !== Infinity) world.advance(Math.max(0, due - world.now))
  }
  assert.fail('laws 6 and 7: somebody waits for ever, or a kind world finds no rest')
}

function isAwaited({ truth }: World): boolean {
  return truth.waiting.length + truth.claiming.length + truth.unready.length > 0
}

/** Answers whether there was anything to answer. */
function answerAll(world: World): boolean {
  const { connections, truth, limits } = world
  let answers = 0
  const when = (isDue: boolean, act: () => void) => {
    if (isDue) act()
    if (isDue) answers++
  }
  for (const c of connections) {
    when(c.dial === 'running', () => world.opened(c))
    when(c.asked === 'probe', () => world.probed(c.fit, c))
    when(c.asked === 'reset', () => world.cleaned(c.fit, c))
    when(c.closing, () => world.closed(c))
  }
  for (const lease of truth.held) when(true, () => world.release(lease))
  for (const ticket of truth.claiming) {
    const [idle] = world.idle
    if (idle !== undefined) when(true, () => world.serveNamed(ticket, idle))
  }
  when(truth.turnAsked, () => world.turn())
  const isFed = truth.claiming.length > 0 || (!limits.dials && isAwaited(world))
  when(isFed && world.taken < truth.max, () => world.offer())
  world.settle()
  return answers > 0
}

/** Law 18: close it, let the world answer all that it was asked, and nothing may be left. */
export function goHome(world: World): void {
  world.elapse()
  world.close(50)
  world.advance(50)
  for (const ticket of world.held) world.release(ticket)
  for (const dial of world.running) world.failed('backend', dial)
  for (const connection of world.destroying) world.closed(connection)
  world.finished()
}
