import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Pool } from '../../src/pool/pool.ts'
import { numberGiven } from '../support/number-given.ts'
import { report } from './simulation/report.ts'
import { scenarioOf } from './simulation/scenario.ts'
import { Trials } from './simulation/trials.ts'

/** Set SEED to begin with another seed, RUNS to run more often or less. `npm run test:soak` goes on. */
const first = numberGiven('SEED', 1)
const runs = numberGiven('RUNS', 300)

test('whatever the network, the borrowers and the callbacks do, the laws hold', {
  timeout: 110_000,
}, async (t) => {
  const trials = new Trials()
  t.after(() => trials.end())
  for (let seed = first; seed < first + runs; seed++) {
    const scenario = scenarioOf(seed)
    const { failure } = await trials.run(scenario)
    if (failure !== null) assert.fail(await report(trials, seed, scenario, failure))
  }
})

test('the same scenario happens in the same way each time', { timeout: 60_000 }, async (t) => {
  const trials = new Trials()
  t.after(() => trials.end())
  for (const seed of [3, 7, 11]) {
    const traces: string[][] = [[], []]
    for (const trace of traces) await trials.run(scenarioOf(seed), trace)
    assert.deepEqual(traces[0], traces[1])
    assert.ok((traces[0]?.length ?? 0) > 80)
  }
})

test('a pool that breaks its word is found out, by a scenario that is made short', {
  timeout: 60_000,
}, async (t) => {
  const { pause } = Pool.prototype
  const trials = new Trials()
  t.after(() => {
    Pool.prototype.pause = pause
    trials.end()
  })
  Pool.prototype.pause = () => {}
  for (let seed = 1; ; seed++) {
    const scenario = scenarioOf(seed)
    const { failure } = await trials.run(scenario)
    if (failure === null) continue
    const lines = (await report(trials, seed, scenario, failure)).split('\n')
    assert.equal(lines[0], `seed ${seed}: pause: paused is false, and not true`)
    assert.equal(lines[1], '  1 of 80 steps are needed, with the plainest options')
    assert.ok(lines.includes('  pause()'))
    assert.equal(lines.at(-1), `again: npm run test:soak -- --seed ${seed} --runs 1`)
    return
  }
})
