import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Budget, budgets } from '../src/budget.ts'
import type { Connection } from '../src/connection.ts'
import type { Contestant, Setup } from '../src/contestant.ts'
import { QueueFloor } from '../src/contestants/queue-floor.ts'
import { Fault } from '../src/fault.ts'
import { findWork, programme } from '../src/programme.ts'
import { type Entrant, findEntrant, roster } from '../src/roster.ts'
import { runTrial } from '../src/trial.ts'

const budget: Budget = { ...budgets.quick, patienceMs: 500, trialMs: 1_000 }

// What rests is weighed between two collections.
setFlagsFromString('--expose-gc')
globalThis.gc = runInNewContext('gc')

test('every contestant passes the census before and after every work it is entered for', async () => {
  for (const work of programme) {
    for (const name of work.entrants) {
      const figure = await runTrial(findEntrant(name), work, 'time', budgets.quick)
      // So few sockets weigh less than what the collector happens to find beside them.
      const least = work.bytes === 'at rest' ? Number.NEGATIVE_INFINITY : 0
      assert.ok(figure > least, `${name} has the figure ${figure} for ${work.name}`)
    }
  }
})

test('every contestant is entered for some work', () => {
  const entered = new Set(programme.flatMap((work) => work.entrants))
  assert.deepEqual([...entered].sort(), roster.map(({ name }) => name).sort())
})

test('every work has its floor among its entrants', () => {
  for (const work of programme) assert.ok(work.entrants.includes(work.floor), work.name)
})

// Each goes wrong once, in the middle of the work, long after the first census.
const wrongReturns: Record<string, [giveBack: WrongReturn, verdict: RegExp]> = {
  'lends one connection twice': [
    (honest, held) => {
      honest.giveBack(held)
      honest.giveBack(held)
    },
    /^lent connection \d+ to two borrowers$|^lent 9 connections to 10 borrowers$/,
  ],
  'loses a connection': [
    () => {},
    /^lent 9 of 10 connections within 500 ms: one is lost$|^did not end within 1000 ms: somebody/,
  ],
  'opens a connection in the place of one it has': [
    (honest, _held, setup) => honest.giveBack(setup.create()),
    /^opened 11 connections although 10 suffice$/,
  ],
}

for (const [fault, [giveBack, verdict]] of Object.entries(wrongReturns)) {
  for (const work of ['acquire', 'use', 'workers', 'waiters'].map(findWork)) {
    test(`a contestant that ${fault} gets no figure for ${work.name}`, async () => {
      const trial = runTrial(wrongOnce(giveBack), work, 'time', budget)
      await assert.rejects(trial, (error) => error instanceof Fault && verdict.test(error.message))
    })
  }
}

test('a contestant that lends more than it has gets no figure', async () => {
  const trial = runTrial(
    entrant((setup) => {
      const honest = new QueueFloor(setup)
      return { ...verbs(honest), tryTake: () => setup.create() }
    }),
    findWork('acquire'),
    'time',
    budget,
  )
  await assert.rejects(trial, { name: 'Fault', message: 'lent more than its 10 connections' })
})

test('a contestant whose use() does not call the function gets no figure', async () => {
  const trial = runTrial(
    entrant((setup) => ({ ...verbs(new QueueFloor(setup)), use: async () => {} })),
    findWork('use'),
    'time',
    budget,
  )
  await assert.rejects(trial, { name: 'Fault', message: /^called fn 0 times instead of \d+$/ })
})

type WrongReturn = (honest: QueueFloor, held: Connection, setup: Setup) => void

function wrongOnce(wrongReturn: WrongReturn): Entrant {
  return entrant((setup) => {
    const honest = new QueueFloor(setup)
    let returns = 0
    const giveBack = (held: Connection): void => {
      returns += 1
      if (returns === 200) wrongReturn(honest, held, setup)
      else honest.giveBack(held)
    }
    const use = async (fn: (connection: Connection) => Promise<void>): Promise<void> => {
      const connection = await honest.take()
      await fn(connection)
      giveBack(connection)
    }
    return { ...verbs(honest), giveBack, use }
  })
}

function entrant(open: (setup: Setup) => Contestant<Connection>): Entrant {
  return {
    name: 'planted',
    title: 'planted',
    packageName: null,
    lends: 'to waiters',
    open: async (setup) => open(setup),
  }
}

function verbs(honest: QueueFloor): Contestant<Connection> {
  return {
    take: () => honest.take(),
    giveBack: (held) => honest.giveBack(held),
    connectionOf: (held) => held,
    use: (fn) => honest.use(fn),
    close: () => honest.close(),
  }
}
