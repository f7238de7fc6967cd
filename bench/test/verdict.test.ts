import assert from 'node:assert/strict'
import { test } from 'node:test'
import { duels } from '../src/duel.ts'
import { type Limit, limits } from '../src/limits.ts'
import { findWork, programme } from '../src/programme.ts'
import { type Section, sections } from '../src/report.ts'
import { findEntrant } from '../src/roster.ts'
import { check, judge, verdictTable } from '../src/verdict.ts'

const asked: readonly Limit[] = [
  { work: 'acquire', full: 3, quick: 4 },
  { work: 'use', full: 3 },
  { work: 'tcp-idle', full: 0.5, quick: 1 },
]

/** The section of a work of which every round has these figures. */
function measured(work: string, ours: number, floor: number): Section {
  const turns = duels([findWork(work)], 3)
  const figure = (name: string): number => (name === findWork(work).floor ? floor : ours)
  const outcomes = turns.map((turn) => ({ turn, figure: figure(turn.entrant.name) }))
  const [section] = sections(outcomes)
  if (section === undefined) throw new Error('no outcome, no section')
  return section
}

test('a limit is kept up to itself, and exceeded by more', () => {
  assert.deepEqual(judge(measured('acquire', 30, 10), 3), {
    work: 'acquire',
    ratio: 3,
    limit: 3,
    is: 'kept',
  })
  assert.equal(judge(measured('acquire', 31, 10), 3).is, 'exceeded')
})

test('of bytes, what is above the floor is compared with the floor', () => {
  const { ratio, is } = judge(measured('tcp-idle', 2_400, 2_000), 0.2)
  assert.ok(Math.abs(ratio - 0.2) < 1e-9)
  assert.equal(is, 'kept')
  assert.equal(judge(measured('tcp-idle', 2_401, 2_000), 0.2).is, 'exceeded')
})

test('what is no number keeps no limit', () => {
  assert.equal(judge(measured('acquire', Number.NaN, 10), 3).is, 'exceeded')
  assert.equal(judge({ ...measured('acquire', 1, 1), lines: [] }, 3).is, 'exceeded')
})

test('only what exceeded its limit is measured again, and the second time counts', async () => {
  const asks: (readonly string[])[] = []
  const figures = [
    { acquire: 40, use: 20, 'tcp-idle': 16 },
    { acquire: 20, 'tcp-idle': 17 },
  ]
  const verdicts = await check(asked, 'full', async (works) => {
    const now: Partial<Record<string, number>> = figures[asks.push(works) - 1] ?? {}
    return works.map((work) => measured(work, now[work] ?? Number.NaN, 10))
  })
  assert.deepEqual(asks, [
    ['acquire', 'use', 'tcp-idle'],
    ['acquire', 'tcp-idle'],
  ])
  assert.deepEqual(
    verdicts.map(({ is }) => is),
    ['kept when tried again', 'kept', 'exceeded'],
  )
  assert.deepEqual(
    verdicts.map(({ ratio }) => ratio.toFixed(1)),
    ['2.0', '2.0', '0.7'],
  )
})

test('when all is kept nothing is measured again', async () => {
  let attempts = 0
  await check(asked, 'full', async (works) => {
    attempts += 1
    return works.map((work) => measured(work, 10, 10))
  })
  assert.equal(attempts, 1)
})

test('a quick check has limits of its own, and leaves out what has none', async () => {
  const verdicts = await check(asked, 'quick', async (works) =>
    works.map((work) => measured(work, 20, 10)),
  )
  assert.deepEqual(verdicts, [
    { work: 'acquire', ratio: 2, limit: 4, is: 'kept' },
    { work: 'tcp-idle', ratio: 1, limit: 1, is: 'kept' },
  ])
})

test('the table has a line for each limit', () => {
  const text = verdictTable([
    { work: 'acquire', ratio: 2.5, limit: 3, is: 'kept' },
    { work: 'try-acquire', ratio: 31.25, limit: 9, is: 'exceeded' },
  ])
  assert.deepEqual(text.split('\n'), [
    '               x floor    limit',
    '  acquire         2.50     3.00   kept',
    '  try-acquire    31.25     9.00   exceeded',
  ])
})

test('every work has a limit, and a quick one is never the stricter', () => {
  assert.deepEqual(
    limits.map(({ work }) => work),
    programme.map(({ name }) => name),
  )
  for (const { work, full, quick = full } of limits) assert.ok(full > 0 && quick >= full, work)
})

test('a duel is between connpool and the floor, a figure each a round', () => {
  const turns = duels([findWork('workers'), findWork('tcp-idle')], 2)
  assert.deepEqual(
    turns.map(({ entrant, instrument }) => `${entrant.name} ${instrument}`),
    [
      ...['connpool cpu', 'queue cpu', 'connpool-tcp weigh', 'bare-sockets weigh'],
      ...['bare-sockets weigh', 'connpool-tcp weigh', 'queue cpu', 'connpool cpu'],
    ],
  )
  assert.ok(turns.every(({ entrant }) => entrant === findEntrant(entrant.name)))
})
