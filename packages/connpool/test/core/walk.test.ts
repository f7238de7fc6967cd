import assert from 'node:assert/strict'
import { test } from 'node:test'
import { numberGiven } from '../support/number-given.ts'
import { report } from './support/shortest-walk.ts'
import { run, walkOf } from './support/walk.ts'

/** Set WALK_SEED to walk from another seed, WALKS to walk more often. */
const first = numberGiven('WALK_SEED', 1)
const walks = numberGiven('WALKS', 1_200)

test('in any order of events, however late, doubled or hasty the world answers, the laws hold', () => {
  for (let seed = first; seed < first + walks; seed++) {
    const walk = walkOf(seed)
    if (run(walk) !== null) assert.fail(report(seed, walk))
  }
})
