import type { Connection } from '../support/connection.ts'
import type { Ticket } from '../support/ticket.ts'
import type { World } from '../support/world.ts'
import type { Event } from './event.ts'
import { rolesOf } from './identity.ts'
import type { Setting } from './setting.ts'

/** So many turns may be under way, and each is known to have been asked for in time. */
const MOST_TURNS = 2

/** All that may happen next, in an order that the identity of the world decides. */
export function choicesOf(world: World, setting: Setting): Event[] {
  const { sealedTurns } = world.truth
  const polls: Event[] = sealedTurns > 0 ? [{ verb: setting.turns ? 'poll' : 'turn' }] : []
  // The loop does not go on for ever without a poll.
  if (sealedTurns >= MOST_TURNS) return polls
  const events = [...inEffect(world, setting), ...polls]
  if (setting.turns) {
    if (world.truth.inTurn) events.push({ verb: 'endTurn' })
    if (isUnsettled(world)) events.push({ verb: 'settle' })
  }
  if (!setting.late) events.push({ verb: 'advance' })
  else events.push({ verb: world.machine.nextDue() > world.now ? 'late' : 'elapse' })
  return events
}

/** What may also happen in the middle of an effect, where no time passes. */
export function inEffect(world: World, setting: Setting): Event[] {
  const events: Event[] = []
  people(events, world, setting)
  for (const connection of rolesOf(world)) answers(events, world, setting, connection)
  steering(events, world, setting)
  return events
}

/** The end of the turn changes something: somebody came, something came to rest, or a poll was asked for. */
export function isUnsettled({ machine, truth }: World): boolean {
  if (truth.turnOpen || truth.arrived) return true
  const { idle, aged, lent, leaving } = machine.moves.roster
  return [idle, aged, lent, leaving].some(({ last }) => last !== null && !last.stamped)
}

function people(events: Event[], { truth }: World, setting: Setting): void {
  const { waiting, unready, held } = truth
  if (waiting.length + unready.length + held.length < setting.callers) {
    events.push({ verb: 'acquire', ask: {} }, { verb: 'tryAcquire' })
    for (const ask of setting.asks ?? []) events.push({ verb: 'acquire', ask })
    if (setting.ready && unready.length === 0) events.push({ verb: 'ready' })
  }
  for (const { serial } of waiting) events.push({ verb: 'cancel', ticket: serial })
}

function answers(
  events: Event[],
  { truth }: World,
  setting: Setting,
  connection: Connection,
): void {
  const { serial, dial, serving, asked } = connection
  if (connection.holders > 0) {
    const lease = truth.tickets.find((ticket) => holds(ticket, connection))
    if (lease !== undefined) endings(events, setting, connection, lease)
  }
  if (dial === 'running') {
    events.push({ verb: 'opened', connection: serial })
    for (const as of setting.failures ?? []) events.push({ verb: 'failed', connection: serial, as })
  }
  if (serving || truth.isWanted(connection)) {
    for (const as of setting.deaths ?? []) events.push({ verb: 'dies', connection: serial, as })
  }
  if (serving) {
    if (setting.silence && connection.fit)
      events.push({ verb: 'diesInSilence', connection: serial })
    for (const spreadMs of setting.expires ?? []) {
      if (!truth.isDoomed(connection)) events.push({ verb: 'expire', connection: serial, spreadMs })
    }
  }
  if (asked !== null) {
    const verb = asked === 'probe' ? 'probed' : 'cleaned'
    // What is dead is seen to be by whoever asks it.
    for (const well of connection.fit ? [true, false] : [false]) {
      events.push({ verb, connection: serial, well })
    }
  }
  if (connection.closing) events.push({ verb: 'closed', connection: serial })
}

function endings(
  events: Event[],
  setting: Setting,
  { holders }: Connection,
  { serial }: Ticket,
): void {
  const clean = setting.limits.resets ? { unclean: true as const } : {}
  for (const manner of [clean, ...(setting.releases ?? [])]) {
    events.push({ verb: 'release', ticket: serial, manner })
  }
  events.push({ verb: 'destroyLease', ticket: serial })
  if (setting.detach && holders === 1) events.push({ verb: 'detach', ticket: serial })
}

function steering(events: Event[], { truth }: World, setting: Setting): void {
  if (setting.offers) events.push({ verb: 'offer' })
  for (const graceMs of setting.closes ?? []) events.push({ verb: 'close', graceMs })
  if (truth.closing) return
  for (const [min, max] of setting.resizes ?? []) {
    if (min !== truth.min || max !== truth.max) events.push({ verb: 'resize', min, max })
  }
  if (setting.invalidate) events.push({ verb: 'invalidate' })
  if (setting.pause) events.push({ verb: truth.paused ? 'resume' : 'pause' })
}

function holds({ connection, ended }: Ticket, held: Connection): boolean {
  return connection === held && !ended
}
