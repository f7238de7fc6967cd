import assert from 'node:assert/strict'
import { test } from 'node:test'
import { size } from '../src/core/list.ts'

test('a list knows its size', () => {
  assert.equal(size([1, 2]), 2)
})
