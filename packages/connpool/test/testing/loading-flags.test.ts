import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadingFlags } from '../../src/testing/loading-flags.ts'

test('a process of ours is given what loads modules, and nothing else', () => {
  const flags =
    '--inspect-brk --import tsx --test --require=a -r b -C dev --watch --import=c --max-old-space-size=64 --loader d --experimental-strip-types --input-type=module -e 1'
  assert.deepEqual(
    loadingFlags(flags.split(' ')),
    '--import tsx --require=a -r b -C dev --import=c --loader d --experimental-strip-types'.split(
      ' ',
    ),
  )
})
