import type { Contestant } from '../contestant.ts'
import { kept, keptMask } from '../kept.ts'
import type { TimedWork } from '../work.ts'

const entrants = [
  'connpool',
  'lightning-pool',
  'generic-pool',
  'tarn',
  'sequelize-pool',
  'pg-pool',
  'mysql2',
  'mongodb',
  'effect',
  'queue',
  'await',
]

/** Lend and give back through a promise, one borrower, something always idle. */
export const acquire: TimedWork = {
  name: 'acquire',
  title: 'await acquire() + release()',
  unit: 'operation',
  entrants,
  floor: 'await',
  max: 10,
  acquireTimeoutMs: Number.POSITIVE_INFINITY,
  bytes: 'allocated',
  run: awaitInTurn,
}

/** The same when the pool was given a deadline that never comes into play. */
export const acquireTimeout: TimedWork = {
  ...acquire,
  name: 'acquire-timeout',
  title: 'await acquire() + release(), acquire timeout 10 s',
  entrants: [
    'connpool',
    'lightning-pool',
    'generic-pool',
    'tarn',
    'sequelize-pool',
    'queue',
    'await',
  ],
  acquireTimeoutMs: 10_000,
}

async function awaitInTurn<Held>(contestant: Contestant<Held>, operations: number): Promise<void> {
  for (let i = 0; i < operations; i += 1) {
    const held = await contestant.take()
    kept[i & keptMask] = held
    contestant.giveBack(held)
  }
}
