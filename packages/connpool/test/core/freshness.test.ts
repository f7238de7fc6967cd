import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Freshness } from '../../src/core/freshness.ts'

test('a poll of the sockets holds for the rest of its turn', () => {
  const freshness = new Freshness(0)
  assert.equal(freshness.holds(0), false)
  freshness.polled(10)
  assert.equal(freshness.holds(10), true)
  assert.equal(freshness.inTurn, true)
  freshness.over()
  assert.equal(freshness.holds(10), false)
})

test('freshForMs lets it hold longer, by the clock', () => {
  const freshness = new Freshness(5)
  freshness.polled(10)
  freshness.over()
  assert.equal(freshness.holds(14), true)
  assert.equal(freshness.holds(15), false)
  assert.equal(freshness.inTurn, false)
})

test('a turn that was asked for is asked for once, and numbered when it has served', () => {
  const freshness = new Freshness(0)
  freshness.asked = true
  freshness.polled(0)
  assert.equal(freshness.asked, false)
  assert.equal(freshness.turn, 0)
  freshness.served()
  assert.equal(freshness.turn, 1)
})
