import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../src/testing/index.ts'
import { fixture, settled } from './support/fixture.ts'

/** An event loop of which only immediates are left, run when they are told to. */
class CheckPhases {
  readonly clock: ManualClock
  #immediates: (() => void)[] = []

  constructor() {
    this.clock = new ManualClock({ setImmediate: (wake) => this.#immediates.push(wake) })
  }

  /** The next one. What happens until the one after it happens in a turn of its own. */
  async next(): Promise<void> {
    const due = this.#immediates
    this.#immediates = []
    for (const wake of due) wake()
    await settled()
  }
}

async function parked(count: number, checks: CheckPhases) {
  const made = fixture({ max: count, clock: checks.clock })
  const acquired = Array.from({ length: count }, () => made.pool.acquire())
  await settled()
  for (const lease of await Promise.all(acquired)) lease.release()
  for (let turn = 0; turn < 3; turn++) await checks.next()
  return made
}

test('who acquires in an I/O callback that ran for long joins no poll that came before it', async () => {
  const checks = new CheckPhases()
  const { pool } = await parked(2, checks)
  const granted: string[] = []
  const ask = (who: string) => void pool.acquire().then(() => granted.push(who))
  ask('first')
  await checks.next() // Its first immediate; then the sockets are polled,
  ask('second') // and a callback of that poll asks, when it has worked for long.
  await checks.next() // The second immediate: nothing was polled since `second` asked.
  assert.deepEqual(granted, ['first'])
  await checks.next()
  assert.deepEqual(granted, ['first', 'second'])
})

test('those who keep coming in each turn, and with a higher priority, starve nobody', async () => {
  const checks = new CheckPhases()
  const { pool } = await parked(1, checks)
  let served = false
  const modest = pool.acquire().then((lease) => {
    served = true
    lease.release()
  })
  for (let turn = 0; turn < 3 && !served; turn++) {
    await checks.next()
    void pool.acquire({ priority: 7 }).then((lease) => lease.release())
  }
  assert.ok(served)
  await modest
})

test('who may not wait is served by the poll that comes after it, or refused when that is over', async () => {
  const checks = new CheckPhases()
  const { pool } = await parked(2, checks)
  const first = pool.acquire({ timeoutMs: 0 })
  await checks.next()
  const [second, third] = [pool.acquire({ timeoutMs: 0 }), pool.acquire({ timeoutMs: 0 })]
  await Promise.all([checks.next(), assert.rejects(third, { code: 'ERR_ACQUIRE_TIMEOUT' })])
  const lease = await first
  await checks.next()
  assert.notEqual((await second).connection, lease.connection)
})
