import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { createPool } from 'connpool'
import { FakeSource, ManualClock } from 'connpool/testing'
import { DialHistory } from '../faults/dial-history.ts'

const timeout = 5_000

/** A pool with the default delays, and no chance in them. */
function scene(t: TestContext) {
  const clock = new ManualClock()
  const source = new FakeSource()
  const dials = new DialHistory(() => clock.now())
  const pool = createPool({
    ...source,
    create: (context) => {
      dials.begun()
      return source.create(context)
    },
    clock,
    random: () => 0,
    max: 4,
  })
  dials.listen(pool)
  t.after(() => pool.close({ graceMs: 0 }).catch(() => {}))
  const acquire = () => void pool.acquire().catch(() => {})
  return { clock, source, dials, acquire, start: clock.now() - 1 }
}

const refuse = () => {
  throw new Error('refused')
}

test('a delay that runs is known by the dials before and after it', { timeout }, async (t) => {
  const { clock, source, dials, acquire, start } = scene(t)
  const zero = clock.now()
  source.behave('create', refuse)
  acquire()
  await clock.pass(150)
  source.behave('create', 'succeed')
  const served = clock.now()
  await clock.pass(150)
  // Failed at 0 and at 100 ms; the third dial was at 300 ms.
  assert.deepEqual(dials.runningAt(start, served), { is: 'delay', ms: 200, restMs: 150 })
  assert.deepEqual(dials.returned(start, served, clock.now()), {
    dueAt: zero + 300,
    dialMs: 0,
    failed: 0,
  })
})

test('dials that fail together are one step', { timeout }, async (t) => {
  const { clock, source, dials, acquire, start } = scene(t)
  const zero = clock.now()
  source.behave('create', 'hold')
  for (let i = 0; i < 4; i++) acquire()
  await clock.pass(10)
  assert.equal(source.held('create').length, 4)
  for (const call of source.held('create')) call.fail(new Error('refused'))
  await clock.pass(1)
  assert.equal(dials.returned(start, clock.now(), clock.now()).dueAt, zero + 110)
})

test('a dial that is under way is told, and how long it took', { timeout }, async (t) => {
  const { clock, source, dials, acquire, start } = scene(t)
  source.behave('create', 'hold')
  acquire()
  await clock.pass(50)
  const served = clock.now()
  await clock.pass(30)
  source.held('create')[0]?.succeed()
  await clock.pass(1)
  assert.deepEqual(dials.runningAt(start, served), { is: 'dial', restMs: 30, failed: false })
  assert.equal(dials.returned(start, served, clock.now()).dialMs, 80)
})

test('one that fails although it began when the backend served is counted, and one that began before is not', {
  timeout,
}, async (t) => {
  const { clock, source, dials, acquire, start } = scene(t)
  source.behave('create', 'hold')
  acquire()
  await clock.pass(50)
  const served = clock.now()
  source.held('create')[0]?.fail(new Error('refused'))
  await clock.pass(10)
  assert.equal(dials.returned(start, served, clock.now()).failed, 0)
  await clock.pass(100)
  source.held('create')[0]?.fail(new Error('refused'))
  await clock.pass(1)
  assert.equal(dials.returned(start, served, clock.now()).failed, 1)
})

test('where nothing failed nothing was running', { timeout }, async (t) => {
  const { clock, dials, acquire, start } = scene(t)
  acquire()
  await clock.pass(10)
  assert.deepEqual(dials.runningAt(start, clock.now()), { is: 'nothing' })
})
