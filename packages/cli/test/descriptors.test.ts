import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkDescriptors, descriptorLimit } from '../src/descriptors.ts'

const flags = { connections: 1000, duration: 10, max: 50, delay: 0, json: null }

test('enough descriptors, or an unknown limit, is fine', () => {
  checkDescriptors(flags, 2064)
  checkDescriptors(flags, null)
})

test('too few are refused with what to do about it', () => {
  assert.throws(() => checkDescriptors(flags, 1024), {
    name: 'DemoError',
    message: /need 2064 file descriptors .* limit is 1024: .*ulimit -n 2064.* --connections 480 /,
  })
})

test('the advice holds', () => {
  checkDescriptors({ ...flags, connections: 480, max: 50 }, 1024)
  assert.throws(() => checkDescriptors(flags, 10), /take root\)\.$/)
})

test('a pool greater than the number of clients counts', () => {
  assert.throws(() => checkDescriptors({ ...flags, connections: 10, max: 5000 }, 2000), /need 5074/)
})

test('the limit of this process is known where the runtime reports it', () => {
  const limit = descriptorLimit()
  assert.ok(limit === null || limit > 0)
})
