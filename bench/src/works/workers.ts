import type { Contestant } from '../contestant.ts'
import { kept, keptMask } from '../kept.ts'
import type { Work } from '../work.ts'

const crowd = 1_000

/** A thousand loops that lend and give back over ten connections: every release is a hand-off to the next in line. */
export const workers: Work = {
  name: 'workers',
  title: '1000 workers on 10 connections',
  unit: 'lease',
  entrants: ['connpool', 'lightning-pool', 'generic-pool', 'tarn', 'queue'],
  floor: 'queue',
  max: 10,
  acquireTimeoutMs: Number.POSITIVE_INFINITY,
  bytes: 'allocated',
  async run<Held>(contestant: Contestant<Held>, operations: number): Promise<void> {
    const all: Promise<void>[] = []
    for (let i = 0; i < crowd; i += 1) {
      const share =
        Math.floor(((i + 1) * operations) / crowd) - Math.floor((i * operations) / crowd)
      all.push(work(contestant, share))
    }
    await Promise.all(all)
  },
}

async function work<Held>(contestant: Contestant<Held>, leases: number): Promise<void> {
  for (let i = 0; i < leases; i += 1) {
    const held = await contestant.take()
    kept[i & keptMask] = contestant.connectionOf(held)
    contestant.giveBack(held)
  }
}
