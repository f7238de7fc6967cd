import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Alarm } from '../../src/pool/alarm.ts'
import { LONGEST_TIMER_MS, systemClock } from '../../src/pool/clock.ts'
import { ManualClock } from '../../src/testing/index.ts'

/** An alarm, the clock that it is set on, the delays of its timers, and how often it rang. */
function scene() {
  const clock = new ManualClock()
  const delays: number[] = []
  const heard = { rings: 0 }
  const counting = {
    ...systemClock,
    now: () => clock.now(),
    setTimeout: (wake: () => void, delayMs: number) => {
      delays.push(delayMs)
      return clock.setTimeout(wake, delayMs)
    },
  }
  const alarm = new Alarm(counting, () => heard.rings++)
  return { alarm, clock, delays, heard }
}

test('one that is set for the same time or a later one keeps its timer, and rings at the first', () => {
  const { alarm, clock, delays, heard } = scene()
  alarm.set(100, true)
  alarm.set(100, true)
  alarm.set(300, true)
  assert.deepEqual(delays, [100])
  clock.advance(99)
  assert.equal(heard.rings, 0)
  clock.advance(1)
  assert.equal(heard.rings, 1)
})

test('one that is set for a sooner time rings then, and not again', () => {
  const { alarm, clock, delays, heard } = scene()
  alarm.set(100, true)
  alarm.set(50, true)
  assert.deepEqual([delays, clock.timers], [[100, 50], 1])
  clock.advance(200)
  assert.equal(heard.rings, 1)
})

test('one that rang can be set again, for whatever time', () => {
  const { alarm, clock, delays } = scene()
  alarm.set(100, true)
  clock.advance(100)
  alarm.set(400, true)
  assert.deepEqual([delays, clock.timers], [[100, 300], 1])
})

test('one that was taken off can be set again, for whatever time', () => {
  const { alarm, clock, delays } = scene()
  alarm.set(100, true)
  alarm.set(Infinity, false)
  assert.equal(clock.timers, 0)
  alarm.set(400, true)
  assert.deepEqual([delays, clock.timers], [[100, 400], 1])
})

test('a timer that is set while none is needed for long is never longer than the system takes', () => {
  const { alarm, clock, delays } = scene()
  alarm.set(Infinity, true)
  assert.deepEqual([delays, clock.heldTimers], [[LONGEST_TIMER_MS], 1])
  alarm.set(Infinity, true)
  assert.deepEqual(delays, [LONGEST_TIMER_MS])
})

test('what is due already rings after the shortest delay, and a part of a ms is waited for', () => {
  const { alarm, clock, delays } = scene()
  clock.advance(10)
  alarm.set(5, true)
  clock.advance(1)
  alarm.set(20.25, true)
  assert.deepEqual(delays, [1, 10])
})

test('the process is held exactly while somebody waits', () => {
  const { alarm, clock } = scene()
  alarm.set(100, false)
  assert.deepEqual([clock.timers, clock.heldTimers], [1, 0])
  alarm.set(100, true)
  assert.equal(clock.heldTimers, 1)
  alarm.set(100, false)
  assert.equal(clock.heldTimers, 0)
})
