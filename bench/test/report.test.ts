import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findWork } from '../src/programme.ts'
import { report } from '../src/report.ts'
import { schedule } from '../src/schedule.ts'
import { median, spread } from '../src/spread.ts'

const work = findWork('try-acquire')

test('contestants take turns, and every other round is reversed', () => {
  const turns = schedule([work], 3)
  const names = (from: number, to: number): string[] =>
    turns.slice(from, to).map(({ entrant }) => entrant.name)
  assert.deepEqual(
    turns.map(({ instrument }) => instrument),
    ['weigh', 'weigh', 'time', 'time', 'time', 'time', 'time', 'time'],
  )
  assert.deepEqual(names(2, 4), ['connpool', 'stack'])
  assert.deepEqual(names(4, 6), ['stack', 'connpool'])
  assert.deepEqual(names(6, 8), ['connpool', 'stack'])
})

test('a ratio compares figures of the same round', () => {
  const figures = [48, 0, 20, 10, 100, 400, 60, 20]
  const outcomes = schedule([work], 3).map((turn, i) => ({
    turn,
    figure: figures[i] ?? Number.NaN,
  }))
  const { works } = report(outcomes, { rounds: 3, clock: 'time', quick: false, tookMs: 1 })
  const [ours, floor] = works[0]?.lines ?? []
  assert.deepEqual(ours?.rounds, [20, 400, 60])
  assert.deepEqual(floor?.rounds, [10, 100, 20])
  assert.equal(ours?.toFloor, 3)
  assert.equal(ours?.aboveFloor, 40)
  assert.equal(ours?.bytes, 48)
  assert.deepEqual(ours?.figure, { median: 60, min: 20, max: 400 })
})

test('a median is the middle of the sorted values', () => {
  assert.equal(median([9, 1, 5]), 5)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.throws(() => median([]), RangeError)
  assert.deepEqual(spread([2, 1, 30]), { median: 2, min: 1, max: 30 })
})
