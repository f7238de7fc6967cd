import type { Connection } from './connection.ts'
import type { World } from './world.ts'

/** Something that changes nothing, and what it is. */
export type Idle = readonly [what: string, act: () => void]

/** Answers of this connection that come late, doubled, or where they do not belong. */
export function staleAnswers(world: World, connection: Connection): Idle[] {
  const { machine, now } = world
  const { serial, slot, dial, asked, destroyed, gone, holders } = connection
  const answers: [isStale: boolean, what: string, act: () => void][] = [
    [dial === 'opened', 'opened', () => machine.opened(slot, now)],
    [dial !== 'running', 'openFailed', () => machine.openFailed(slot, 'config', undefined, now)],
    [asked !== 'probe', 'probed', () => machine.probed(slot, false, 'config', undefined, now)],
    [asked !== 'probe', 'probed', () => machine.probed(slot, true, 'config', undefined, now)],
    [asked !== 'reset', 'resetDone', () => machine.resetDone(slot, true, undefined, now)],
    [asked !== 'reset', 'resetDone', () => machine.resetDone(slot, false, undefined, now)],
    [destroyed === null || gone, 'closed', () => machine.closed(slot, now)],
    [destroyed !== null || gone, 'died', () => machine.died(slot, 'config', undefined, now)],
    [holders === 0, 'giveBack', () => machine.fast.giveBack(slot, Infinity)],
    [holders === 0, 'returned', () => machine.returned(slot, Infinity, true, false, now)],
    [holders === 0, 'discard', () => machine.discard(slot, 'destroyed', undefined, now)],
    [holders === 0, 'detach', () => machine.detach(slot, now)],
  ]
  return answers
    .filter(([isStale]) => isStale)
    .map(([, what, act]) => [`a stale ${what} of connection ${serial}`, act])
}

/**
 * What was done already, and is done again. It may set things right while an alarm is overdue, and when
 * time has passed while a turn was awaited: what came to need a probe meanwhile rang no alarm.
 */
export function repetitions(world: World): Idle[] {
  const { machine, truth, tickets } = world
  const { now, min, max, paused, closing, closeBy } = truth
  const repeated: Idle[] = []
  const settled = tickets.find(({ state }) => state !== 'waiting')
  if (settled !== undefined) {
    repeated.push(['a late cancel', () => machine.cancel(settled.waiter, now)])
  }
  const mayPump = machine.nextDue() > now && !(truth.turnAsked && truth.limits.probes)
  if (!mayPump) return repeated
  repeated.push(
    ['a second pump', () => machine.start(now)],
    ['an alarm that rings too soon', () => machine.elapse(now)],
    ['a resize to the same', () => machine.resize(min, max, now)],
    paused
      ? ['a second pause', () => machine.pause(now)]
      : ['a second resume', () => machine.resume(now)],
  )
  if (!closing) return repeated
  repeated.push(
    ['an invalidate in closing', () => machine.invalidate(now)],
    ['a pause in closing', () => machine.pause(now)],
  )
  if (closeBy > now) repeated.push(['a later close', () => machine.close(closeBy + 1, now)])
  return repeated
}
