import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Histogram } from '../src/histogram.ts'

test('an empty histogram answers zero', () => {
  const histogram = new Histogram()
  assert.equal(histogram.count, 0)
  assert.equal(histogram.mean, 0)
  assert.equal(histogram.max, 0)
  assert.equal(histogram.percentile(99), 0)
})

test('short durations are exact', () => {
  for (let us = 0; us < 512; us += 1) {
    const histogram = new Histogram()
    histogram.record(us)
    assert.equal(histogram.percentile(50), us)
  }
})

test('every percentile is within 0.2 % of the truth, from microseconds to minutes', () => {
  const histogram = new Histogram()
  const values: number[] = []
  let seed = 42
  for (let index = 0; index < 20_000; index += 1) {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
    values.push(Math.round(10 ** (1 + (7 * seed) / 2 ** 31)))
  }
  for (const value of values) histogram.record(value)
  values.sort((a, b) => a - b)
  for (const percent of [0.1, 1, 10, 50, 90, 99, 99.9, 100]) {
    const truth = values[Math.ceil((percent / 100) * values.length) - 1] ?? 0
    const error = Math.abs(histogram.percentile(percent) - truth) / truth
    assert.ok(error <= 0.002, `p${percent}: ${histogram.percentile(percent)} for ${truth}`)
  }
})

test('mean, count and maximum are exact', () => {
  const histogram = new Histogram()
  for (const us of [1, 1000, 123_457]) histogram.record(us)
  assert.equal(histogram.count, 3)
  assert.equal(histogram.mean, (1 + 1000 + 123_457) / 3)
  assert.equal(histogram.max, 123_457)
})

test('what is out of range is counted at the edge', () => {
  const histogram = new Histogram()
  histogram.record(-5)
  histogram.record(1e12)
  assert.equal(histogram.count, 2)
  assert.equal(histogram.percentile(50), 0)
  assert.equal(histogram.max, 2 ** 31 - 1)
  assert.ok(Math.abs(histogram.percentile(100) / histogram.max - 1) <= 0.002)
})

test('a cleared histogram knows nothing of before', () => {
  const histogram = new Histogram()
  histogram.record(1_000_000)
  histogram.clear()
  histogram.record(7)
  assert.equal(histogram.count, 1)
  assert.equal(histogram.percentile(99), 7)
  assert.equal(histogram.max, 7)
})
