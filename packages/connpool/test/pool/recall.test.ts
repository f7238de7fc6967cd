import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Cargo } from '../../src/pool/cargo.ts'

test('who asks after a recall is told at once, and of the first', () => {
  const cargo = new Cargo()
  const [first, second] = [new Error('first'), new Error('second')]
  cargo.recall(first)
  cargo.recall(second)
  const late = new AbortController()
  cargo.onRecall(late)
  assert.equal(late.signal.reason, first)
})

test('who was told is not kept', () => {
  const cargo = new Cargo()
  cargo.onRecall(new AbortController())
  cargo.recall(new Error('closed'))
  cargo.onRecall(new AbortController())
  assert.equal(cargo.recalls, null)
})

test('all who asked are told, but for those who left', () => {
  const cargo = new Cargo()
  const [one, other, left] = [new AbortController(), new AbortController(), new AbortController()]
  for (const controller of [one, other, left]) cargo.onRecall(controller)
  cargo.recalls?.delete(left)
  const why = new Error('closed')
  cargo.recall(why)
  assert.deepEqual([one.signal.reason, other.signal.reason], [why, why])
  assert.equal(left.signal.aborted, false)
})
