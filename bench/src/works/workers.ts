import type { Contestant } from '../contestant.ts'
import { kept, keptMask } from '../kept.ts'
import type { TimedWork } from '../work.ts'

const entrants = [
  'connpool',
  'lightning-pool',
  'generic-pool',
  'tarn',
  'sequelize-pool',
  'pg-pool',
  'mysql2',
  'mongodb',
  'effect',
  'queue',
]

/** A thousand loops that lend and give back over ten connections: every release is a hand-off to the next in line. */
export const workers: TimedWork = {
  name: 'workers',
  title: '1000 workers on 10 connections',
  unit: 'lease',
  entrants,
  floor: 'queue',
  max: 10,
  acquireTimeoutMs: Number.POSITIVE_INFINITY,
  bytes: 'allocated',
  async run<Held>(contestant: Contestant<Held>, operations: number): Promise<void> {
    await crowd(1_000, operations, (share) => work(contestant, share))
  },
}

/** As small programs know it: eight loops, of which two hold a connection across a microtask and six wait in line. */
export const workers8: TimedWork = {
  ...workers,
  name: 'workers-8',
  title: '8 workers on 2 connections, each held across a microtask',
  goal: '150 ns',
  max: 2,
  async run<Held>(contestant: Contestant<Held>, operations: number): Promise<void> {
    await crowd(8, operations, (share) => workAwhile(contestant, share))
  },
}

/** Has as many at once share the operations. */
async function crowd(
  heads: number,
  operations: number,
  one: (share: number) => Promise<void>,
): Promise<void> {
  const all: Promise<void>[] = []
  for (let i = 0; i < heads; i += 1) {
    const share = Math.floor(((i + 1) * operations) / heads) - Math.floor((i * operations) / heads)
    all.push(one(share))
  }
  await Promise.all(all)
}

async function work<Held>(contestant: Contestant<Held>, leases: number): Promise<void> {
  for (let i = 0; i < leases; i += 1) {
    const held = await contestant.take()
    kept[i & keptMask] = contestant.connectionOf(held)
    contestant.giveBack(held)
  }
}

async function workAwhile<Held>(contestant: Contestant<Held>, leases: number): Promise<void> {
  for (let i = 0; i < leases; i += 1) {
    const held = await contestant.take()
    kept[i & keptMask] = contestant.connectionOf(held)
    await undefined
    contestant.giveBack(held)
  }
}
