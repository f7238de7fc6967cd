import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Backoff, type FailureClass } from '../../src/core/backoff.ts'

const limits = { initialMs: 100, maxMs: 5_000, factor: 2, jitter: 0, failFastAfter: 5 }
const without = (): number => 0

test('delays grow by the factor up to the longest one', () => {
  const backoff = new Backoff(limits, without)
  const delays: number[] = []
  for (let now = 0; delays.length < 9; now = backoff.until) {
    backoff.elapse(now)
    backoff.fail(backoff.step, 'backend', now)
    delays.push(backoff.until - now)
  }
  assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000, 5_000])
})

test('jitter only ever shortens a delay, by its share at most', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(share, share, fc.integer({ min: 1, max: 2_000 }), (jitter, drawn, failures) => {
      const backoff = new Backoff({ ...limits, jitter }, () => drawn)
      for (let count = 0; count < failures; count++) backoff.fail(backoff.step, 'local', 0)
      const whole = Math.min(5_000, 100 * 2 ** (failures - 1))
      assert.ok(backoff.until <= whole && backoff.until >= whole * (1 - jitter) - 1e-9)
    }),
  )
})

test('parallel dials that fail in one step count once, and the latest class wins', () => {
  const backoff = new Backoff(limits, without)
  const step = backoff.step
  for (const failureClass of ['backend', 'local', 'config'] as const) {
    backoff.fail(step, failureClass, 0)
  }
  assert.equal(backoff.failures, 1)
  assert.equal(backoff.until, 100)
  assert.equal(backoff.standing, 'config')
})

test('a success clears all of it, and the next failure starts from the beginning', () => {
  const backoff = new Backoff(limits, without)
  for (let count = 0; count < 7; count++) backoff.fail(backoff.step, 'backend', 0)
  backoff.succeed()
  assert.equal(backoff.standing, null)
  assert.equal(backoff.failures, 0)
  assert.equal(backoff.delaying, false)
  backoff.fail(backoff.step, 'backend', 1_000)
  assert.equal(backoff.until, 1_100)
})

test('a straggler of a step that was counted and cleared says nothing any more', () => {
  const backoff = new Backoff(limits, without)
  const step = backoff.step
  backoff.fail(step, 'backend', 0)
  backoff.succeed()
  backoff.fail(step, 'config', 10)
  assert.equal(backoff.standing, null)
  assert.equal(backoff.delaying, false)
})

test('a delay ends at its time and not before', () => {
  const backoff = new Backoff(limits, without)
  backoff.fail(backoff.step, 'backend', 50)
  backoff.elapse(149)
  assert.equal(backoff.delaying, true)
  backoff.elapse(150)
  assert.equal(backoff.delaying, false)
  assert.equal(backoff.standing, 'backend')
})

test('config refuses at once, backend after failFastAfter steps, the others never', () => {
  const firstDoom = (failureClass: FailureClass): number => {
    const backoff = new Backoff(limits, without)
    for (let count = 1; count <= 20; count++) {
      backoff.fail(backoff.step, failureClass, 0)
      if (backoff.dooming) return count
    }
    return Infinity
  }
  assert.deepEqual((['config', 'backend', 'local', 'overload'] as const).map(firstDoom), [
    1,
    5,
    Infinity,
    Infinity,
  ])
})
