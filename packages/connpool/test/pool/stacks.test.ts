import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { PoolError } from '../../src/pool/errors.ts'
import { stackless } from '../../src/pool/stackless.ts'
import { fixture, parked, rejection } from './support/fixture.ts'

test('who asks in vain is told where it was asked, and of no frame of the pool', async () => {
  const { pool } = fixture({ maxWaiters: 0 })
  await pool.acquire().catch(() => {})
  const full = await rejection(askFromHere(() => pool.acquire()))
  assert.match(full.stack ?? '', /^QueueFullError: .*\n {4}at .*stacks\.test\.ts.*\n.*askFromHere/)
  await pool.close()
  const asks = [
    () => pool.acquire(),
    () => pool.acquire({ priority: 1 }),
    () => pool.ready(),
    () => pool.use(() => {}),
    () => pool.use(() => {}, { priority: 1 }),
  ]
  for (const ask of asks) {
    const { stack = '' } = await rejection(askFromHere<Promise<unknown>>(ask))
    assert.match(stack, /^PoolClosedError: .*\n/)
    assert.match(stack, /askFromHere/)
  }
})

test('one who waited is told without a stack, and a listener makes errors that have one', async () => {
  const { pool, clock } = await parked(1, { max: 1 })
  const lease = await pool.acquire()
  let ofListener: string | undefined
  pool.on('refuse', () => {
    ofListener = new Error('from a listener').stack
  })
  const refused = rejection(pool.acquire({ timeoutMs: 10 }))
  await clock.pass(10)
  const { stack, message } = await refused
  assert.equal(stack, `AcquireTimeoutError: ${message}`)
  assert.match(ofListener ?? '', /\n {4}at /)
  lease.release()
  await pool.close()
})

test('one who waited for ready is told without a stack', async () => {
  const { pool, source, clock } = fixture({ min: 1 })
  source.behave('create', 'hold')
  const late = rejection(pool.ready({ timeoutMs: 10 }))
  await clock.pass(10)
  const { stack, message } = await late
  assert.equal(stack, `AcquireTimeoutError: ${message}`)
  for (const call of source.held('create')) call.succeed()
  await pool.close()
})

test('those who waited and are turned away together are told of the same figures', async () => {
  const { pool, source, clock } = fixture({ min: 1 })
  source.behave('create', 'hold')
  for (const ask of [() => pool.acquire({ timeoutMs: 10 }), () => pool.ready({ timeoutMs: 10 })]) {
    const late = [ask, ask].map((each) => rejection<PoolError>(each()))
    await clock.pass(10)
    const [one, other] = await Promise.all(late)
    assert.ok(one?.stats)
    assert.equal(one.stats, other?.stats)
  }
  for (const call of source.held('create')) call.succeed()
  await pool.close()
})

test('those who are turned away one after the other are each told of the figures of then', async () => {
  const { pool } = fixture({ maxWaiters: 0 })
  const asked = [1, 2].map(() => rejection<PoolError>(pool.acquire()))
  const [one, other] = await Promise.all(asked)
  assert.deepEqual([one?.stats?.acquires, other?.stats?.acquires], [1, 2])
  await pool.close()
  const patient = fixture({ classify: () => 'config', backoff: { jitter: 0 } })
  patient.source.behave('create', () => Promise.reject(new Error('no such name')))
  for (const failures of [1, 2]) {
    const { stats } = await rejection<PoolError>(patient.pool.acquire())
    assert.equal(stats?.connectFailures.config, failures)
    patient.clock.advance(1_000)
  }
  await patient.pool.close()
})

test('those who are found late in different turns are told of different figures', async () => {
  let now = 0
  const silent = { ref: () => {}, unref: () => {}, close: () => {} }
  const { pool } = fixture({ max: 1, clock: { now: () => now, setTimeout: () => silent } })
  for (const timeouts of [1, 2]) {
    const lease = await pool.acquire()
    const late = rejection<PoolError>(pool.acquire({ timeoutMs: 10 }))
    await nextTurn()
    now += 20 // And no alarm rings.
    lease.release()
    assert.equal((await late).stats?.timeouts, timeouts)
  }
  await pool.close()
})

test('stacks are there again afterwards, also when what was done threw', () => {
  const limit = Error.stackTraceLimit
  assert.equal(
    stackless(() => new Error('none').stack),
    'Error: none',
  )
  assert.equal(Error.stackTraceLimit, limit)
  assert.throws(() => stackless(() => assert.fail('thrown')), /thrown/)
  assert.equal(Error.stackTraceLimit, limit)
})

for (const [whose, descriptor] of [
  ['frozen', { value: 3, writable: false }],
  ['an accessor', { get: () => 3, set: () => assert.fail('it was set') }],
  ['missing', null],
] as const) {
  test(`a stackTraceLimit that is ${whose} is left as it is`, () => {
    const own = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')
    assert.ok(own !== undefined)
    Reflect.deleteProperty(Error, 'stackTraceLimit')
    try {
      if (descriptor !== null) {
        Object.defineProperty(Error, 'stackTraceLimit', { ...descriptor, configurable: true })
      }
      const before = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')
      assert.equal(
        stackless(() => 'done'),
        'done',
      )
      assert.deepEqual(Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit'), before)
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', own)
    }
  })
}

function askFromHere<R>(ask: () => R): R {
  return ask()
}
