import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findWork } from '../src/programme.ts'
import { report } from '../src/report.ts'
import { runTurns } from '../src/run.ts'
import { schedule } from '../src/schedule.ts'
import { table } from '../src/table.ts'

const terms = { rounds: 2, clock: 'time', quick: false, tookMs: 1 } as const
const turns = schedule([findWork('workers')], 2)
const failing = (name: string) => {
  const ran: string[] = []
  const runTurn = async ({ entrant }: (typeof turns)[number]): Promise<number> => {
    ran.push(entrant.name)
    if (entrant.name === name && ran.length > turns.length / 3) throw new Error('lent 2 to one')
    return 10
  }
  return { ran, runTurn }
}

test('a pool of others that fails gets a line that says why, no figures and no more turns', async () => {
  const { ran, runTurn } = failing('tarn')
  const [section, ...none] = report(await runTurns(turns, 'quick', runTurn), terms).works
  assert.deepEqual(none, [])
  assert.equal(ran.filter((name) => name === 'tarn').length, 2)
  assert.equal(ran.filter((name) => name === 'mysql2').length, 3)
  assert.equal(
    section?.lines.some(({ contestant }) => contestant === 'tarn'),
    false,
  )
  const [failed] = section?.failed ?? []
  assert.equal(failed?.contestant, 'tarn')
  assert.equal(failed?.failure, 'lent 2 to one')
})

test('the table says why a pool has no figures', async () => {
  const { runTurn } = failing('tarn')
  const text = table(report(await runTurns(turns, 'quick', runTurn), terms))
  assert.match(text, /^ {2}tarn \d+\.\d+\.\d+ +lent 2 to one$/m)
})

for (const name of ['connpool', 'queue']) {
  test(`that ${name} fails ends the run with a sentence`, async () => {
    const run = runTurns(turns, 'quick', failing(name).runTurn)
    await assert.rejects(run, { message: `workers: ${name} failed: lent 2 to one` })
  })
}

test('what rests is weighed every round, and has a difference to the floor', async () => {
  const resting = schedule([findWork('tcp-idle')], 2)
  const outcomes = await runTurns(resting, 'quick', async ({ entrant, instrument }) => {
    assert.equal(instrument, 'weigh')
    return entrant.name === 'connpool-tcp' ? 2_400 : 2_000
  })
  const [section] = report(outcomes, terms).works
  const [ours, floor] = section?.lines ?? []
  assert.equal(section?.measures, 'B')
  assert.deepEqual(ours?.rounds, [2_400, 2_400])
  assert.equal(ours?.aboveFloor, 400)
  assert.equal(floor?.aboveFloor, 0)
  assert.match(
    table(report(outcomes, terms)),
    /goal: 400 B above the floor\n +B\/socket .*above floor/,
  )
})
