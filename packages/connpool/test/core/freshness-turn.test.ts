import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connection, news, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

test('one that was parked in this turn is lent at once', () => {
  const world = new World()
  const lease = world.acquire()
  world.opened()
  world.release(lease)
  assert.equal(world.acquire().state, 'granted')
  assert.ok(!world.log.includes('turn'))
})

test('one that was parked earlier is lent after a turn, which all who ask share', () => {
  const world = stocked(2)
  const { tally } = world.machine.moves
  const before = tally.waits
  const [first, second] = [world.acquire(), world.acquire()]
  assert.deepEqual(news(world), ['turn'])
  assert.equal(world.dialling.length, 0)
  world.turn(() => {
    assert.equal(first.state, 'granted')
    assert.equal(second.state, 'granted')
  })
  assert.deepEqual([tally.hits, tally.waits - before], [2, 0], 'the turn is no wait')
})

test('for the rest of that turn it is lent at once, and not in the next', () => {
  const world = stocked(2)
  world.acquire()
  world.turn(() => assert.equal(world.acquire().state, 'granted'))
  const later = stocked(2)
  later.acquire()
  later.turn()
  assert.equal(later.acquire().state, 'waiting')
  assert.equal(later.truth.turnAsked, true)
})

test('freshForMs lends without a turn for that long', () => {
  const world = stocked(3, { freshForMs: 10 })
  world.acquire()
  world.turn()
  world.advance(9)
  assert.equal(world.acquire().state, 'granted')
  assert.equal(world.truth.turnAsked, false)
  world.advance(1)
  assert.equal(world.acquire().state, 'waiting')
})

test('what the turn shows to be dead is closed and not lent', () => {
  const world = stocked(2)
  const waiter = world.acquire()
  connection(world, 2).dead = true
  world.turn()
  assert.equal(waiter.connection?.serial, 1)
  assert.equal(connection(world, 2).destroyed, 'died')
})

test('who may not wait is served by the turn, or refused at the end of it', () => {
  const world = stocked(1)
  const waiters = [world.acquire({ timeoutMs: 0 }), world.acquire({ timeoutMs: 0 })]
  assert.deepEqual(
    waiters.map(({ state, refusal }) => refusal ?? state),
    ['waiting', 'timeout'],
  )
  world.turn()
  assert.equal(waiters[0]?.state, 'granted')
})

test('who may not wait is refused when the one it hoped for turns out dead; nothing is dialled', () => {
  const world = stocked(1)
  const waiter = world.acquire({ timeoutMs: 0 })
  connection(world, 1).dead = true
  world.turn()
  assert.equal(waiter.refusal, 'timeout')
  assert.equal(world.dialling.length, 0)
  assert.equal(world.machine.moves.tally.timeouts, 1)
})

test('who may not wait never gets a probe, a queue or a dial', () => {
  const probing = stocked(1, { probes: true, probeAfterIdleMs: 50 })
  probing.advance(50)
  assert.equal(probing.acquire({ timeoutMs: 0 }).refusal, 'timeout')
  assert.deepEqual(news(probing), ['refuse 2 timeout'])

  const empty = new World()
  assert.equal(empty.acquire({ timeoutMs: 0 }).refusal, 'timeout')
  assert.equal(empty.dialling.length, 0)

  const paused = stocked(1)
  paused.pause()
  assert.equal(paused.acquire({ timeoutMs: 0 }).refusal, 'timeout')
})

test('who may not wait, and comes in the middle of another event, is served with what idles', () => {
  const world = stocked(2)
  world.acquire()
  world.react = (effect) => {
    world.react = () => undefined
    if (effect === 'grant') world.acquire({ timeoutMs: 0 })
  }
  world.turn()
  assert.deepEqual(
    world.tickets.slice(-2).map(({ state }) => state),
    ['granted', 'granted'],
  )
})

test('pausing in the turn refuses who may not wait, and keeps the others', () => {
  const world = stocked(2)
  const patient = world.acquire()
  const hurried = world.acquire({ timeoutMs: 0 })
  world.pause()
  world.turn()
  assert.deepEqual([patient.state, hurried.refusal], ['waiting', 'timeout'])
})

test('tryAcquire takes what idles, and is null when it would have to wait for anything', () => {
  const world = stocked(1)
  assert.equal(world.tryAcquire()?.connection?.serial, 1)
  assert.equal(world.tryAcquire(), null)
  assert.equal(world.machine.moves.tally.acquires, 2)

  const probing = stocked(1, { probes: true, probeAfterIdleMs: 50 })
  probing.advance(50)
  assert.equal(probing.tryAcquire(), null)

  const paused = stocked(1)
  paused.pause()
  assert.equal(paused.tryAcquire(), null)

  const waited = stocked(1)
  waited.acquire()
  assert.equal(waited.tryAcquire(), null, 'it jumps no queue')

  const dead = stocked(2)
  connection(dead, 2).dead = true
  assert.equal(dead.tryAcquire()?.connection?.serial, 1)
})

test('one who came too late for a poll asks for none while the oldest awaits one', () => {
  const world = stocked(1, { max: 1, queueOrder: 'adaptive-lifo' })
  world.acquire()
  world.settle()
  world.acquire()
  assert.deepEqual(news(world), ['turn'])
  world.now += 1_000
  world.quiet('a pump', () => world.machine.start(world.now))
})

test('who may not wait, and comes right after a poll behind others, is served by the next one', () => {
  const world = stocked(3)
  const early = world.acquire()
  world.settle()
  const late = world.acquire()
  world.poll()
  const hurried = world.acquire({ timeoutMs: 0 })
  assert.deepEqual(
    [early, late, hurried].map(({ state }) => state),
    ['granted', 'waiting', 'waiting'],
  )
  world.endTurn()
  world.turn()
  assert.deepEqual([late.state, hurried.state], ['granted', 'granted'])
})

test('who may not wait is refused at once when what it hoped for is dead, and no poll is asked for', () => {
  const world = new World()
  const lease = world.acquire()
  world.opened()
  world.release(lease)
  connection(world, 1).dead = true
  assert.equal(world.acquire({ timeoutMs: 0 }).refusal, 'timeout')
  assert.equal(world.truth.turnAsked, false)
})

test('who comes while a poll is under way has its own asked for at once', () => {
  const world = stocked(2)
  world.acquire()
  world.settle()
  assert.deepEqual(news(world), ['turn'])
  world.acquire()
  assert.deepEqual(news(world), ['turn'])
})

test('who came too late for a poll, though with a higher priority, leaves it to the oldest', () => {
  const world = stocked(1, { max: 1 })
  const early = world.acquire()
  world.settle()
  const late = world.acquire({ priority: 7 })
  world.poll()
  assert.deepEqual([early.state, late.state], ['granted', 'waiting'])
})

test('a poll turns away a part of those who gave up before it at a time, and serves none of them', () => {
  const world = stocked(1, { max: 1 })
  const given = Array.from({ length: 2_500 }, () => world.acquire({ timeoutMs: 10 }))
  world.settle()
  const patient = world.acquire({ priority: 7 })
  world.now = 10
  world.judging = false // Until the alarm has rung, some wait beside what idles.
  world.poll()
  world.judging = true
  assert.equal(world.waiting.length, 1_501)
  world.elapse()
  world.endTurn()
  assert.ok(given.every(({ refusal }) => refusal === 'timeout'))
  world.turn()
  assert.equal(patient.state, 'granted')
})

test('who may not wait is refused at once, though a poll is under way for one who left', () => {
  const world = stocked(1)
  const left = world.acquire({ timeoutMs: 0 })
  world.settle()
  world.cancel(left)
  const lease = world.tryAcquire()
  assert.ok(lease !== null)
  world.release(lease)
  connection(world, 1).dead = true
  assert.equal(world.acquire({ timeoutMs: 0 }).refusal, 'timeout')
})
