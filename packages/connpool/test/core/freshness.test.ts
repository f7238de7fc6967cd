import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Freshness } from '../../src/core/freshness.ts'

test('a poll of the sockets holds for the rest of its turn', () => {
  const freshness = new Freshness(0)
  freshness.ask()
  freshness.seal()
  assert.equal(freshness.holds(0, 0), false)
  freshness.polled(10)
  assert.equal(freshness.holds(0, 10), true)
  assert.equal(freshness.inTurn, true)
  freshness.over()
  assert.equal(freshness.holds(0, 10), false)
})

test('freshForMs lets it hold longer, by the clock, and for everybody', () => {
  const freshness = new Freshness(5)
  freshness.polled(10)
  freshness.over()
  assert.equal(freshness.holds(1, 14), true)
  assert.equal(freshness.holds(0, 15), false)
  assert.equal(freshness.inTurn, false)
})

describe('who comes when the turn of the loop is over in which a poll was asked for', () => {
  const freshness = new Freshness(0)

  test('is served by another', () => {
    assert.equal(freshness.isAwaited(0), false)
    freshness.ask()
    assert.equal(freshness.isAwaited(0), true)
    freshness.seal()
    assert.equal(freshness.turn, 1)
    assert.deepEqual([freshness.isAwaited(0), freshness.isAwaited(1)], [true, false])
    freshness.ask()
    assert.deepEqual([freshness.isUnderWay(0), freshness.isUnderWay(1)], [true, true])
  })

  test('is not lent anything by the first', () => {
    freshness.polled(0)
    assert.deepEqual([freshness.holds(0, 0), freshness.holds(1, 0)], [true, false])
    assert.deepEqual([freshness.isUnderWay(0), freshness.isUnderWay(1)], [false, true])
    assert.equal(freshness.isToCome(0), true)
    freshness.served()
    assert.deepEqual([freshness.isToCome(0), freshness.isToCome(1)], [false, true])
    freshness.over()
  })

  test('is by the second, as is who waits since before', () => {
    freshness.seal()
    freshness.polled(0)
    assert.deepEqual([freshness.holds(0, 0), freshness.holds(1, 0)], [true, true])
    assert.equal(freshness.isAwaited(1), false)
  })
})

test('a turn of the loop in which nothing was asked for changes nothing', () => {
  const freshness = new Freshness(0)
  freshness.seal()
  assert.equal(freshness.turn, 0)
})

test('a poll that nobody asked for serves nobody', () => {
  const freshness = new Freshness(0)
  freshness.polled(0)
  assert.equal(freshness.holds(0, 0), false)
})
