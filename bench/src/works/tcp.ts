import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Contestant } from '../contestant.ts'
import { kept, keptMask } from '../kept.ts'
import type { TimedWork } from '../work.ts'
import { tryAcquire } from './try-acquire.ts'

const entrants = ['connpool-tcp', 'sockets']

/** Lend and give back a real socket without a promise, within a turn of the loop. */
export const tcpTryAcquire: TimedWork = {
  ...tryAcquire,
  name: 'tcp-try-acquire',
  title: 'tryAcquire() + release() of a socket, within a turn of the loop',
  entrants,
  floor: 'sockets',
}

/**
 * A hundred sockets, all idle since an earlier turn, are acquired in one turn and given back; then the turn ends and they are
 * idle again. Everything that comes of it is timed: the turns, too, of which each lease bears its hundredth.
 */
export const tcpAcquire: TimedWork = {
  name: 'tcp-acquire',
  title: 'await acquire() + release() of a socket, idle since an earlier turn, 100 together',
  unit: 'lease',
  entrants,
  floor: 'sockets',
  max: 100,
  acquireTimeoutMs: 10_000,
  bytes: 'allocated',
  async run<Held>(contestant: Contestant<Held>, operations: number): Promise<void> {
    for (let left = operations; left > 0; left -= this.max) {
      await lendTogether(contestant, Math.min(left, this.max))
    }
  },
}

async function lendTogether<Held>(contestant: Contestant<Held>, count: number): Promise<void> {
  const taking: Promise<Held>[] = []
  for (let i = 0; i < count; i += 1) taking.push(contestant.take())
  for (let i = 0; i < count; i += 1) {
    const held = (await taking[i]) as Held // There are as many promises as leases.
    kept[i & keptMask] = held
    contestant.giveBack(held)
  }
  // Set after the contestants' own: what they do at the end of the turn is done before the next acquire.
  await nextTurn()
}
