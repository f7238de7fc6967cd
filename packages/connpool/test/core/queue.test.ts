import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Queue, type QueueOrder } from '../../src/core/queue.ts'
import { Waiter } from '../../src/core/waiter.ts'

class Who extends Waiter {
  readonly number: number

  constructor(number: number, priority: number, patienceMs: number) {
    super('lease', priority, patienceMs)
    this.number = number
  }
}

function queueOf(order: QueueOrder): {
  queue: Queue
  /** Comes at the end of a turn. */
  join(number: number, priority?: number, since?: number, patienceMs?: number): Who
  grant(now?: number): number | null
} {
  const queue = new Queue(order)
  return {
    queue,
    join(number, priority = 0, since = 0, patienceMs = Infinity) {
      const waiter = new Who(number, priority, patienceMs)
      queue.enqueue(waiter)
      queue.settle(since)
      return waiter
    },
    grant(now = 0) {
      const waiter = queue.next(now)
      if (waiter === null) return null
      queue.serve(waiter)
      assert.ok(waiter instanceof Who)
      return waiter.number
    },
  }
}

test('first come, first served within a priority, and the higher priority first', () => {
  const { join, grant } = queueOf('fifo')
  join(1, 0)
  join(2, 7)
  join(3, 3)
  join(4, 7)
  join(5, 3)
  assert.deepEqual([grant(), grant(), grant(), grant(), grant(), grant()], [2, 4, 3, 5, 1, null])
})

test('after eight grants that passed over the oldest waiter, the ninth is its own', () => {
  const { join, grant } = queueOf('fifo')
  join(0, 0)
  for (let ticket = 1; ticket <= 20; ticket++) join(ticket, 1)
  const served = Array.from({ length: 9 }, () => grant())
  assert.deepEqual(served, [1, 2, 3, 4, 5, 6, 7, 8, 0])
})

test('adaptive-lifo serves the oldest first until it has waited over 50 ms, then the newest', () => {
  const { join, grant } = queueOf('adaptive-lifo')
  for (let ticket = 0; ticket < 4; ticket++) join(ticket, 0, ticket)
  assert.equal(grant(50), 0)
  assert.equal(grant(52), 3)
  assert.equal(grant(53), 2)
  assert.equal(grant(53), 1)
})

for (const order of ['fifo', 'adaptive-lifo'] as const) {
  test(`in ${order} whoever is oldest is served within nine grants, whoever comes`, () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ priority: fc.nat(7) }) },
      { weight: 4, arbitrary: fc.constant('grant' as const) },
      { weight: 1, arbitrary: fc.record({ leave: fc.nat(50) }) },
    )
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 200 }), (steps) => {
        const { queue, join } = queueOf(order)
        let waiting: Who[] = []
        let passed = 0
        let now = 0
        for (const what of steps) {
          now += 7
          const oldest = waiting[0]
          if (what === 'grant') {
            const next = queue.next(now)
            assert.equal(next === null, waiting.length === 0)
            if (next === null) continue
            if (order === 'fifo' && next !== oldest) {
              const rivals = waiting.filter((other) => other.priority >= next.priority)
              assert.equal(rivals[0]?.priority, next.priority)
              assert.equal(rivals[0], next)
            }
            passed = next === oldest ? 0 : passed + 1
            assert.ok(passed <= 8, `the oldest was passed over ${passed} times`)
            queue.serve(next)
            waiting = waiting.filter((other) => other !== next)
          } else if ('leave' in what) {
            const leaver = waiting[what.leave % waiting.length]
            if (leaver === undefined) continue
            queue.leave(leaver)
            assert.equal(leaver.queued, false)
            waiting = waiting.filter((other) => other !== leaver)
          } else waiting.push(join(0, what.priority, now))
          assert.equal(queue.size, waiting.length)
          assert.equal(queue.oldest(), waiting[0] ?? null)
        }
      }),
      { numRuns: 300 },
    )
  })
}

test('deadlines come in their own order, and who was served or left has none', () => {
  const { queue, join, grant } = queueOf('fifo')
  const slow = join(1, 0, 0, 30)
  const quick = join(2, 0, 0, 10)
  join(3, 0, 0, 20)
  assert.equal(queue.nextDue, 10)
  assert.equal(queue.expired(9), null)
  assert.equal(queue.expired(10), quick)
  queue.leave(quick)
  assert.equal(queue.nextDue, 20)
  assert.equal(grant(), slow.number)
  assert.equal(grant(), 3)
  assert.equal(queue.nextDue, Infinity)
})

test('no connection is owed to those who wait for the freshness turn only', () => {
  const { queue, join } = queueOf('fifo')
  join(1)
  const waiter = new Who(2, 0, 0)
  queue.enqueue(waiter)
  assert.deepEqual([queue.size, queue.demand], [2, 1])
  queue.leave(waiter)
  assert.deepEqual([queue.size, queue.demand], [1, 1])
})

test('a priority that is not 0 to 7 is refused', () => {
  const { join } = queueOf('fifo')
  assert.throws(() => join(1, 8), RangeError)
})
