import type { Contestant } from '../contestant.ts'
import { Fault } from '../fault.ts'
import { kept, keptMask } from '../kept.ts'
import type { TimedWork } from '../work.ts'

/** Everything lent, a hundred thousand borrowers queue up, then it comes back and they are served. */
export const waiters: TimedWork = {
  name: 'waiters',
  title: '100,000 waiters queued and drained',
  unit: 'waiter',
  entrants: ['connpool', 'lightning-pool', 'generic-pool', 'tarn', 'mysql2', 'mongodb', 'queue'],
  floor: 'queue',
  max: 10,
  acquireTimeoutMs: Number.POSITIVE_INFINITY,
  operations: 100_000,
  bytes: 'retained',
  async run<Held>(contestant: Contestant<Held>, operations: number): Promise<void> {
    await queueAndDrain(contestant, this.max, operations, () => {})
  },
  async stand<Held>(
    contestant: Contestant<Held>,
    operations: number,
    standing: () => void,
  ): Promise<void> {
    await queueAndDrain(contestant, this.max, operations, standing)
  },
}

async function queueAndDrain<Held>(
  contestant: Contestant<Held>,
  max: number,
  count: number,
  standing: () => void,
): Promise<void> {
  const holders: Held[] = []
  for (let i = 0; i < max; i += 1) {
    const held = await contestant.take()
    contestant.connectionOf(held).lent = true
    holders.push(held)
  }
  await new Promise<void>((resolve, reject) => {
    const queue: Queue<Held> = { contestant, left: count, resolve, reject }
    for (let i = 0; i < count; i += 1) void wait(queue)
    standing()
    for (const held of holders) {
      contestant.connectionOf(held).lent = false
      contestant.giveBack(held)
    }
  })
}

interface Queue<Held> {
  readonly contestant: Contestant<Held>
  left: number
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

async function wait<Held>(queue: Queue<Held>): Promise<void> {
  try {
    const held = await queue.contestant.take()
    const connection = queue.contestant.connectionOf(held)
    if (connection.lent) throw new Fault('lent to a waiter what somebody still holds')
    kept[queue.left & keptMask] = connection
    queue.contestant.giveBack(held)
    queue.left -= 1
    if (queue.left === 0) queue.resolve()
  } catch (error) {
    queue.reject(error)
  }
}
