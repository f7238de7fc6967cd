import { choicesOf } from './choices.ts'
import { type Event, lineOf } from './event.ts'
import { type History, take, worldAfter } from './history.ts'
import { identityOf } from './identity.ts'
import type { Setting } from './setting.ts'

/** How far twins are followed, in events. */
const FAR = 12

/**
 * Doubts an identity: two histories lead to what is taken for one state; then the same must come of
 * whatever happens next, as far as anybody looks. Answers what differs, or null.
 */
export function doubt(
  setting: Setting,
  one: History,
  other: History,
  random: () => number,
): string | null {
  const [world, twin] = [worldAfter(setting, one), worldAfter(setting, other)]
  world.judging = true
  twin.judging = true
  const way: Event[] = []
  const so = (what: string) =>
    `${what} after ${way.map(lineOf).join(', ')}, which came after\n${told(one)}\n${told(other)}`
  for (let left = FAR; left > 0; left--) {
    const [events, others] = [choicesOf(world, setting), choicesOf(twin, setting)]
    if (others.map(nameless).join() !== events.map(nameless).join())
      return so('what can happen differs')
    const nth = Math.floor(random() * events.length)
    const [event, same] = [events[nth], others[nth]]
    if (event === undefined || same === undefined) return null
    way.push(event)
    world.log.length = 0
    twin.log.length = 0
    try {
      take(world, setting, { event })
      take(twin, setting, { event: same })
    } catch (error) {
      return so(error instanceof Error ? error.message : String(error))
    }
    if (twin.log.map(unnumbered).join() !== world.log.map(unnumbered).join())
      return so('what is told differs')
    if (identityOf(world) !== identityOf(twin)) return so('what comes of it differs')
  }
  return null
}

function told(history: History): string {
  return history.map(({ event }) => lineOf(event)).join('; ')
}

/** The event without the serials, which differ between twins. */
function nameless(event: Event): string {
  return JSON.stringify({ ...event, ticket: 0, connection: 0 })
}

function unnumbered(line: string): string {
  return line.replaceAll(/ \d+/g, '')
}
