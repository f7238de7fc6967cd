import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connection, news, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

const probes = { probes: true, probeAfterIdleMs: 50 }

test('one that idled for long is probed before it is lent', () => {
  const world = stocked(1, probes)
  world.advance(50)
  const waiter = world.acquire()
  assert.deepEqual(news(world), ['probe 1'], 'a probe needs no turn before it')
  world.probed(true)
  assert.equal(waiter.state, 'granted')
})

test('a resize during the probes closes what is too many, also while somebody waits', () => {
  const world = stocked(3, { ...probes, max: 3 })
  world.advance(50)
  const waiters = [world.acquire(), world.acquire(), world.acquire()]
  world.resize(0, 1)
  for (const probing of world.asked('probe')) world.probed(true, probing)
  assert.equal(world.held.length, 1)
  assert.equal(world.machine.moves.tally.closed.resized + world.destroying.length, 2)
  assert.equal(waiters.filter(({ state }) => state === 'granted').length, 1)
})

test('one that idled for less is lent after the turn alone', () => {
  const world = stocked(1, probes)
  world.advance(1_000)
  const lease = world.acquire()
  world.probed(true)
  world.release(lease)
  world.settle()
  world.advance(49)
  const waiter = world.acquire()
  world.turn()
  assert.equal(waiter.state, 'granted')
  assert.equal(world.machine.moves.tally.probes, 1)
})

test('probeAfterIdleMs 0 probes before every lease but the first', () => {
  const world = stocked(1, { probes: true, probeAfterIdleMs: 0 })
  const first = world.acquire()
  assert.equal(first.state, 'waiting')
  world.probed(true)
  const second = world.acquire()
  world.release(first)
  assert.equal(second.state, 'waiting', 'also when it goes straight to the next waiter')
  world.probed(true)
  assert.equal(second.state, 'granted')
  assert.equal(world.machine.moves.tally.probes, 2)
})

test('while the probe for the only waiter runs, the others stay and no turn is asked for', () => {
  const world = stocked(3, probes)
  world.advance(50)
  world.acquire()
  world.settle()
  assert.deepEqual(news(world), ['probe 3'])
})

test('one that fails its probe is closed, and the next is asked', () => {
  const world = stocked(2, probes)
  world.advance(50)
  const waiter = world.acquire()
  world.probed(false)
  assert.deepEqual(news(world), ['probe 2', 'probeFailed 2', 'destroy 2 probe', 'probe 1'])
  world.probed(true)
  assert.equal(waiter.connection?.serial, 1)
})

test('a probe that takes too long has failed; its answer comes too late', () => {
  const world = stocked(1, { ...probes, probeTimeoutMs: 20 })
  world.advance(50)
  const waiter = world.acquire()
  const [asked] = world.asked('probe')
  assert.ok(asked)
  world.advance(20)
  assert.equal(asked.destroyed, 'probe')
  world.quiet('a late answer', () => {
    world.machine.probed(asked.slot, true, 'backend', undefined, world.now)
  })
  assert.equal(waiter.state, 'waiting')
  assert.equal(world.dialling.length, 1)
})

test('after probeRetries failures in a row, all that would need a probe are closed', () => {
  const world = stocked(5, { ...probes, probeRetries: 2 })
  world.advance(50)
  world.acquire()
  world.probed(false)
  assert.equal(world.idle.length, 3)
  world.probed(false)
  assert.equal(world.idle.length, 0)
  assert.equal(world.dialling.length, 1, 'and the waiter gets a dial')
})

test('the sweep spares those that need no probe, and a success starts the count again', () => {
  const world = stocked(4, { ...probes, probeRetries: 2 })
  world.advance(50)
  const waiter = world.acquire()
  world.probed(false)
  world.probed(true)
  assert.equal(waiter.state, 'granted')
  const other = world.acquire()
  world.probed(false)
  assert.equal(world.idle.length, 0)
  assert.equal(world.asked('probe').length, 1, 'one failure in a row again')
  world.release(waiter)
  assert.equal(other.state, 'granted')
  world.release(other)
  world.probed(false)
  assert.deepEqual(
    world.idle.map((c) => c.serial),
    [3],
  )
})

test('a probe whose waiter left puts the connection back', () => {
  const world = stocked(1, probes)
  world.advance(50)
  world.cancel(world.acquire())
  world.probed(true)
  assert.equal(world.idle.length, 1)
})

test('background probes keep the idle spell, and find the dead before a borrower does', () => {
  const world = stocked(2, { ...probes, probeEveryMs: 40, idleTimeoutMs: 100 })
  world.advance(40)
  assert.deepEqual(news(world).sort(), ['probe 1', 'probe 2'])
  world.probed(true, connection(world, 1))
  world.probed(false, connection(world, 2))
  world.advance(40)
  world.probed(true)
  assert.equal(world.machine.nextDue(), 100)
  world.advance(20)
  assert.equal(connection(world, 1).destroyed, 'idle')
  assert.equal(connection(world, 2).destroyed, 'probe')
})

test('one that is seen to be dead is closed without a probe', () => {
  const world = stocked(2, probes)
  world.advance(50)
  connection(world, 2).dead = true
  world.acquire()
  assert.deepEqual(news(world), ['destroy 2 died', 'probe 1'])
})

test('a failed probe of a young connection counts as a failed dial', () => {
  const world = new World(probes)
  world.cancel(world.acquire())
  world.opened()
  world.settle()
  world.advance(50)
  world.acquire()
  world.probed(false)
  assert.equal(world.machine.moves.backoff.standing, 'backend')
})

test('a dial that opens ends a row of failed probes', () => {
  const world = stocked(3, { ...probes, max: 5, probeRetries: 2 })
  world.advance(50)
  const waiter = world.acquire()
  world.probed(false)
  world.resize(3, 5)
  world.opened()
  assert.equal(waiter.state, 'granted')
  world.probed(false)
  assert.equal(connection(world, 1).destroyed, null, 'that was the first in a row again')
})

test('one that was probed for upkeep is parked again', () => {
  const world = stocked(1, { ...probes, probeEveryMs: 600 })
  world.advance(600)
  world.log.length = 0
  world.probed(true)
  assert.deepEqual(world.log, ['parked 1'])
})
