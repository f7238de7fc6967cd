import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { test } from 'node:test'
import { systemClock } from '../../src/pool/clock.ts'
import { createPool } from '../../src/pool/pool.ts'
import { FakeSource } from '../../src/testing/index.ts'
import { fixture, parked, settled } from './support/fixture.ts'

const requests = new AsyncLocalStorage<string>()

test('create, probe, reset and destroy run outside the store of whoever made them run', async () => {
  const { pool, source, clock } = fixture({
    max: 1,
    probes: true,
    resets: true,
    probeAfterIdleMs: 0,
  })
  const stores: (string | undefined)[] = []
  for (const verb of ['create', 'probe', 'reset', 'destroy'] as const) {
    source.behave(verb, () => {
      stores.push(requests.getStore())
    })
  }
  for (const request of ['one', 'two']) {
    await requests.run(request, async () => {
      await pool.use(() => assert.equal(requests.getStore(), request))
      await settled()
    })
  }
  await requests.run('three', async () => (await pool.acquire()).destroy())
  await clock.pass(0)
  assert.deepEqual(new Set(stores), new Set([undefined]))
  assert.ok(stores.length >= 6)
  await pool.close()
})

test('the timer and the immediates of a pool are set outside the store of whoever made it set them', async () => {
  const stores = new Set<string | undefined>()
  const { setTimeout: ring, setImmediate: yieldNow, now } = systemClock
  const source = new FakeSource()
  const pool = createPool({
    ...source,
    clock: {
      now,
      setTimeout: (wake, delayMs) => {
        stores.add(requests.getStore())
        return ring(wake, delayMs)
      },
      setImmediate: (wake) => {
        stores.add(requests.getStore())
        yieldNow(wake)
      },
    },
  })
  await requests.run('one', async () => {
    await pool.use(() => {})
    await settled()
    const [lease] = await Promise.all([pool.acquire(), pool.ready()])
    lease.release()
    await pool.close()
  })
  assert.deepEqual(stores, new Set([undefined]))
})

test('a waiter goes on in its own store, whoever released the connection', async () => {
  const { pool } = await parked(1, { max: 1 })
  const lease = await requests.run('first', () => pool.acquire())
  const second = requests.run('second', async () => {
    const next = await pool.acquire()
    assert.equal(requests.getStore(), 'second')
    next.release()
  })
  await settled()
  requests.run('first', () => lease.release())
  await second
  await pool.close()
})
