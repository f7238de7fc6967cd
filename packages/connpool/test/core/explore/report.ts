import type { Limits } from '../../../src/core/limits.ts'
import { goHome, holdStill, prosper } from '../support/futures.ts'
import { limitsOf } from '../support/limits-of.ts'
import { isUnsettled } from './choices.ts'
import { lineOf, show } from './event.ts'
import type { Violation } from './explorer.ts'
import { begin, type History, type Step, take, worldAfter } from './history.ts'
import type { Setting } from './setting.ts'

/** The violation as a test file of test/core. */
export function testOf(violation: Violation): string {
  const { setting, steps, message } = shortest(violation)
  const { future } = violation
  const known = limitsOf() as unknown as Record<string, unknown> // To be looked up by any name.
  const options = Object.entries(setting.limits).filter(([name, value]) => value !== known[name])
  const settings = show(Object.fromEntries(options)) || (setting.expires?.length ? '{}' : '')
  const chance = setting.expires?.length ? ', () => 0.5' : ''
  const lines = [`const world = new World(${settings}${chance})`]
  if (setting.haste === 'obliging') lines.push('answerAtOnce(world, true)')
  if (setting.haste === 'failing') lines.push('answerAtOnce(world, false)')
  lines.push('world.start()')
  for (const { event, meddling } of steps) {
    if (meddling !== undefined) {
      lines.push(`interrupt(world, ${meddling.at}, () => ${lineOf(meddling.event)})`)
    }
    lines.push(lineOf(event))
  }
  if (future !== null) lines.push(`${future}(world)`)
  const name = message.split('\n')[0]?.replaceAll("'", '') ?? ''
  const test = [`test('${name}', () => {`, ...lines.map((line) => `  ${line}`), '})']
  return [...importsFor(lines.join('\n')), '', ...test].join('\n')
}

const supports = {
  futures: ['goHome', 'holdStill', 'prosper'],
  haste: ['answerAtOnce', 'interrupt'],
  stocked: ['connection', 'ticket'],
  world: ['World'],
}

function importsFor(body: string): string[] {
  const lines = ["import { test } from 'node:test'"]
  for (const [file, names] of Object.entries(supports)) {
    const used = names.filter((name) => body.includes(`${name}(`))
    if (used.length > 0) lines.push(`import { ${used.join(', ')} } from './support/${file}.ts'`)
  }
  return lines
}

const futures = { holdStill, prosper, goHome }

interface Script {
  /** Each of its events stands by itself: turns end where the script says so. */
  readonly setting: Setting
  readonly steps: History
  readonly message: string
}

/** Without the ends of turns and the options that it needs not. */
function shortest(violation: Violation): Script {
  const script = scriptOf(violation)
  // Judged all along, it may be found out sooner.
  let best = { ...script, message: failureOf(script, violation) ?? script.message }
  const better = (candidate: Script): boolean => {
    const isSame = failureOf(candidate, violation) === best.message
    if (isSame) best = candidate
    return isSame
  }
  for (let index = best.steps.length - 1; index >= 0; index--) {
    better({ ...best, steps: best.steps.filter((_, at) => at !== index) })
  }
  for (const name of Object.keys(best.setting.limits)) {
    const { [name as keyof Limits]: _, ...limits } = best.setting.limits // One of its own keys.
    better({ ...best, setting: { ...best.setting, limits } })
  }
  return best
}

function scriptOf({ setting, history, error }: Violation): Script {
  const steps: Step[] = []
  const plain = { ...setting, turns: true }
  const world = worldAfter(plain, [])
  for (const step of history) {
    steps.push(step)
    try {
      take(world, plain, step)
    } catch {
      break // It was to be expected of the last one.
    }
    if (setting.turns || !isUnsettled(world)) continue
    steps.push({ event: { verb: 'settle' } })
    world.settle()
  }
  return { setting: plain, steps, message: error.message }
}

/** What goes wrong when the script is run. */
function failureOf({ setting, steps }: Script, { future }: Violation): string | null {
  const world = begin(setting)
  try {
    world.start()
    for (const step of steps) take(world, setting, step)
    if (future !== null) futures[future](world)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}
