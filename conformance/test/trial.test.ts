import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { findRow } from '../src/programme.ts'
import { type Limits, patient, trial } from '../src/trial-process.ts'

const row = findRow('released-twice')
const wild = import.meta.resolve('./wild-pools.ts')
const ends: Record<string, [said: RegExp, limits?: Partial<Limits>]> = {
  freezing: [/^freezes the event loop$/, { frozen: 1_000 }],
  crashing: [/^the process ends: uncaught: planted$/],
  rejecting: [/^the process ends: unhandled rejection: planted$/],
  leaving: [/^the process ends$/],
  idling: [/^never gets done$/, { playing: 1_000 }],
}

describe('a trial tells what became of its process', { concurrency: true }, () => {
  for (const [pool, [said, limits]] of Object.entries(ends)) {
    test(`of a ${pool} pool`, { timeout: 60_000 }, async () => {
      const verdict = await trial(pool, row, wild, { ...patient, ...limits })
      assert.equal(verdict.is, 'fail')
      assert.match(verdict.said, said)
    })
  }

  test('and is none where it did not come to the row', { timeout: 60_000 }, async () => {
    await assert.rejects(trial('missing', row, wild), /^Error: missing did not come to released-/)
  })
})
