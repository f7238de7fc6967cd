import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { programme } from '../src/programme.ts'
import { roster } from '../src/roster.ts'
import type { Row } from '../src/row.ts'
import { cell } from '../src/table.ts'
import { trial } from '../src/trial-process.ts'
import { judgeAndEnd } from '../src/verdict.ts'

const ours = roster.find(({ name }) => name === 'connpool')

/** In this process, but for those that are about the end of one, or measure and want no heap of others. */
async function pass(row: Row): Promise<void> {
  assert.ok(ours)
  const here = row.ends === undefined && row.alone === undefined
  const verdict = await (here ? judgeAndEnd(row, ours) : trial(ours.name, row))
  assert.equal(verdict.is, 'pass', cell(verdict))
}

describe('connpool passes', { concurrency: true }, () => {
  for (const row of programme.filter(({ alone }) => alone === undefined)) {
    test(row.title, { timeout: 60_000 }, () => pass(row))
  }
})

describe('connpool passes, measured alone', () => {
  for (const row of programme.filter(({ alone }) => alone === true)) {
    test(row.title, { timeout: 60_000 }, () => pass(row))
  }
})
