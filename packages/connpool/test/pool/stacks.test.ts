import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stackless } from '../../src/pool/stackless.ts'
import { fixture, parked, rejection } from './support/fixture.ts'

test('who asks in vain is told where it was asked, and of no frame of the pool', async () => {
  const { pool } = fixture({ maxWaiters: 0 })
  await pool.acquire().catch(() => {})
  const full = await rejection(askFromHere(() => pool.acquire()))
  assert.match(full.stack ?? '', /^QueueFullError: .*\n {4}at .*stacks\.test\.ts.*\n.*askFromHere/)
  await pool.close()
  for (const ask of [() => pool.acquire(), () => pool.ready(), () => pool.use(() => {})]) {
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
