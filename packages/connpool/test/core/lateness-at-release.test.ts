import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connection, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

test('law 9: a release after the deadline, before a late alarm, grants nothing', () => {
  const world = new World({ max: 1 })
  const lease = world.acquire()
  world.opened()
  const late = world.acquire({ timeoutMs: 100 })
  const patient = world.acquire()
  world.settle()
  world.now = 400
  world.release(lease)
  assert.equal(late.refusal, 'timeout')
  assert.equal(patient.state, 'granted')
})

test('a background probe that hangs keeps nobody from the idle connection beside it', () => {
  const world = stocked(2, { probes: true, probeAfterIdleMs: 10, probeEveryMs: 600 })
  const [first] = world.idle
  assert.ok(first !== undefined)
  world.advance(300)
  const lease = world.acquire()
  world.probed(true)
  world.release(lease)
  world.settle()
  world.advance(300)
  assert.equal(world.asked('probe').length, 1, 'upkeep of the one that idled for long')
  const waiter = world.acquire()
  assert.equal(world.asked('probe').length, 2)
  world.probed(true, world.asked('probe')[1])
  assert.equal(waiter.state, 'granted')
})

test('a connection taken out for good proves the dial as well as a clean release', () => {
  const world = new World({ max: 1 })
  const refused = world.acquire()
  world.failed('overload')
  world.advance(100)
  assert.equal(refused.state, 'waiting')
  world.opened()
  assert.equal(world.machine.moves.backoff.standing, 'overload')
  world.detach(refused)
  assert.equal(world.machine.moves.backoff.standing, null)
})

test('what was written is on its way before a connection closes for age, use or size', () => {
  const world = new World({ maxUses: 1 })
  const lease = world.acquire()
  world.opened()
  world.release(lease, { unsent: true })
  assert.equal(connection(world, 1).destroyed, null)
  world.cleaned()
  assert.equal(connection(world, 1).destroyed, 'uses')
})

test('who would not wait is refused by the turn when the connection has come to need a probe', () => {
  const world = stocked(1, { probes: true, probeAfterIdleMs: 50 })
  world.advance(49)
  const hurried = world.acquire({ timeoutMs: 0 })
  assert.equal(hurried.state, 'waiting')
  world.now += 1
  world.turn()
  assert.equal(hurried.refusal, 'timeout')
})

test('a release turns away a part of the late ones at a time, and nobody is served late', () => {
  const world = new World({ max: 1 })
  const lease = world.acquire()
  world.opened()
  const late = Array.from({ length: 2_500 }, () => world.acquire({ timeoutMs: 10 }))
  const patient = world.acquire()
  world.settle()
  world.now = 20
  world.judging = false // Until the alarm has rung, some wait beside what idles.
  world.release(lease)
  world.judging = true
  assert.equal(world.waiting.length, 501)
  world.elapse()
  assert.ok(late.every(({ refusal }) => refusal === 'timeout'))
  assert.equal(patient.state, 'granted')
})
