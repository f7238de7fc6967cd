import type { FailureClass } from '../../../src/core/backoff.ts'
import { connection, ticket } from '../support/stocked.ts'
import type { Ask } from '../support/ticket.ts'
import type { World } from '../support/world.ts'
import { type ReleaseManner, TICK_MS } from './setting.ts'

/** One event. Connections and tickets are named by their serials, which a history gives them. */
export type Event =
  | { readonly verb: 'acquire'; readonly ask: Ask }
  | { readonly verb: 'cancel' | 'destroyLease' | 'detach'; readonly ticket: number }
  | { readonly verb: 'release'; readonly ticket: number; readonly manner: ReleaseManner }
  | { readonly verb: 'opened' | 'closed' | 'diesInSilence'; readonly connection: number }
  | { readonly verb: 'failed' | 'dies'; readonly connection: number; readonly as: FailureClass }
  | { readonly verb: 'probed' | 'cleaned'; readonly connection: number; readonly well: boolean }
  | { readonly verb: 'expire'; readonly connection: number; readonly spreadMs: number }
  | { readonly verb: 'resize'; readonly min: number; readonly max: number }
  | { readonly verb: 'close'; readonly graceMs: number }
  | { readonly verb: 'tryAcquire' | 'ready' | 'offer' | 'invalidate' | 'pause' | 'resume' }
  | { readonly verb: 'turn' | 'poll' | 'endTurn' | 'settle' | 'advance' | 'late' | 'elapse' }

export function happen(world: World, event: Event): void {
  switch (event.verb) {
    case 'acquire':
      world.acquire(event.ask)
      return
    case 'tryAcquire':
      world.tryAcquire()
      return
    case 'ready':
      world.ready()
      return
    case 'cancel':
      world.cancel(ticket(world, event.ticket))
      return
    case 'release':
      return world.release(ticket(world, event.ticket), event.manner)
    case 'destroyLease':
      return world.destroyLease(ticket(world, event.ticket))
    case 'detach':
      return world.detach(ticket(world, event.ticket))
    case 'opened':
      world.opened(connection(world, event.connection))
      return
    case 'failed':
      return world.failed(event.as, connection(world, event.connection))
    case 'dies':
      return world.dies(connection(world, event.connection), event.as)
    case 'diesInSilence':
      connection(world, event.connection).dead = true
      return
    case 'closed':
      return world.closed(connection(world, event.connection))
    case 'probed':
      return world.probed(event.well, connection(world, event.connection))
    case 'cleaned':
      return world.cleaned(event.well, connection(world, event.connection))
    case 'expire':
      return world.expire([connection(world, event.connection)], event.spreadMs)
    case 'offer':
      world.offer()
      return
    case 'resize':
      return world.resize(event.min, event.max)
    case 'close':
      return world.close(event.graceMs)
    case 'late':
      world.now += TICK_MS
      return
    case 'advance':
      return world.advance(TICK_MS)
    case 'turn':
    case 'poll':
    case 'endTurn':
    case 'settle':
    case 'elapse':
    case 'invalidate':
    case 'pause':
    case 'resume':
      return world[event.verb]()
  }
  event satisfies never
}

/** The event as what a test says. */
export function lineOf(event: Event): string {
  switch (event.verb) {
    case 'acquire':
      return `world.acquire(${show(event.ask)})`
    case 'cancel':
    case 'destroyLease':
    case 'detach':
      return `world.${event.verb}(ticket(world, ${event.ticket}))`
    case 'release': {
      const manner = show(event.manner)
      return `world.release(ticket(world, ${event.ticket})${manner && `, ${manner}`})`
    }
    case 'opened':
    case 'closed':
      return `world.${event.verb}(connection(world, ${event.connection}))`
    case 'diesInSilence':
      return `connection(world, ${event.connection}).dead = true`
    case 'failed':
      return `world.failed('${event.as}', connection(world, ${event.connection}))`
    case 'dies':
      return `world.dies(connection(world, ${event.connection}), '${event.as}')`
    case 'probed':
    case 'cleaned':
      return `world.${event.verb}(${event.well}, connection(world, ${event.connection}))`
    case 'expire':
      return `world.expire([connection(world, ${event.connection})], ${event.spreadMs})`
    case 'resize':
      return `world.resize(${event.min}, ${event.max})`
    case 'close':
      return `world.close(${event.graceMs})`
    case 'late':
      return `world.now += ${TICK_MS}`
    case 'advance':
      return `world.advance(${TICK_MS})`
    case 'tryAcquire':
    case 'ready':
    case 'offer':
    case 'invalidate':
    case 'pause':
    case 'resume':
    case 'turn':
    case 'poll':
    case 'endTurn':
    case 'settle':
    case 'elapse':
      return `world.${event.verb}()`
  }
  return event satisfies never
}

/** Options as source; nothing when there are none. */
export function show(options: object): string {
  const shown = Object.entries(options).map(([name, value]) => {
    if (typeof value === 'object' && value !== null) return `${name}: ${show(value)}`
    return `${name}: ${typeof value === 'string' ? `'${value}'` : String(value)}`
  })
  return shown.length === 0 ? '' : `{ ${shown.join(', ')} }`
}
