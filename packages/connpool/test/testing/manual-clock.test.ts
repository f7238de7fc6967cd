import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../src/testing/index.ts'

test('time stands still until it is moved', () => {
  const clock = new ManualClock({ startMs: 7 })
  assert.equal(clock.now(), 7)
  clock.advance(2.5)
  assert.equal(clock.now(), 9.5)
})

test('timers ring in order, each at its own time, those set meanwhile included', () => {
  const clock = new ManualClock()
  const rung: string[] = []
  const ring = (name: string) => () => rung.push(`${name} at ${clock.now()}`)
  clock.setTimeout(ring('late'), 30)
  clock.setTimeout(ring('first of two'), 20)
  clock.setTimeout(ring('second of two'), 20)
  clock.setTimeout(() => clock.setTimeout(ring('set meanwhile'), 15), 10)
  clock.setTimeout(ring('beyond'), 31)
  clock.advance(30)
  assert.deepEqual(rung, [
    'first of two at 20',
    'second of two at 20',
    'set meanwhile at 25',
    'late at 30',
  ])
  assert.equal(clock.timers, 1)
})

test('a cancelled timer does not ring, and one that is let go does not hold the process', () => {
  const clock = new ManualClock()
  const timer = clock.setTimeout(() => assert.fail('it was cancelled'), 10)
  assert.equal(clock.heldTimers, 1)
  timer.unref()
  assert.equal(clock.heldTimers, 0)
  timer.ref()
  assert.equal(clock.heldTimers, 1)
  timer.close()
  clock.advance(10)
  assert.equal(clock.timers, 0)
})

test('passing time lets promises settle after each timer', async () => {
  const clock = new ManualClock()
  const rung: number[] = []
  clock.setTimeout(async () => {
    await null
    clock.setTimeout(() => rung.push(clock.now()), 10)
  }, 10)
  await clock.pass(100)
  assert.deepEqual(rung, [20])
  assert.equal(clock.now(), 100)
})

test('time cannot be moved backwards', async () => {
  const clock = new ManualClock()
  assert.throws(() => clock.advance(-1), RangeError)
  assert.throws(() => clock.advance(Number.NaN), RangeError)
  await assert.rejects(clock.pass(-1), RangeError)
})

test('immediates are the system’s unless others are given', () => {
  assert.equal(new ManualClock().setImmediate, undefined)
  const woken: (() => void)[] = []
  const clock = new ManualClock({ setImmediate: (wake) => woken.push(wake) })
  clock.setImmediate?.(() => {})
  assert.equal(woken.length, 1)
})
