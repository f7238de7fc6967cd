import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clocks } from '../src/stopwatch.ts'

test('the clock on the wall counts what others take of the processor, the clock of the process does not', () => {
  const wall = clocks.time()
  const computed = clocks.cpu()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
  assert.ok(clocks.time() - wall >= 490)
  assert.ok(clocks.cpu() - computed < 250)
})
