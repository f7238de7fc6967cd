import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connection, news, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

test('who wants one that idles has it once it was polled, which is no wait', () => {
  const world = stocked(2)
  const { tally } = world.machine.moves
  const { waits } = tally
  const wanted = world.acquireNamed(connection(world, 1))
  assert.equal(wanted.state, 'waiting')
  assert.equal(world.machine.awaited, true)
  world.serveNamed(wanted, connection(world, 1))
  assert.equal(wanted.connection?.serial, 1)
  assert.equal(tally.waits, waits)
})

test('who wants one that is lent waits for its return, and is not given another', () => {
  const world = stocked(2)
  const lease = world.acquire({ yielded: true })
  const { connection: lent } = lease
  assert.ok(lent)
  const wanted = world.acquireNamed(lent)
  world.serveNamed(wanted, lent)
  assert.equal(wanted.state, 'waiting')
  world.settle()
  world.advance(7)
  world.release(lease)
  world.serveNamed(wanted, lent)
  assert.equal(wanted.connection, lent)
  assert.equal(world.machine.moves.tally.waitTimeMs, 7)
})

test('one that has just opened is his who wants it, ahead of those who take any', () => {
  const world = new World({ dials: false })
  const any = world.acquire()
  const wanted = world.acquireNamed(null)
  world.react = (effect, subject) => {
    if (effect === 'opened') world.serveNamed(wanted, subject as never)
  }
  world.offer()
  assert.deepEqual([wanted.state, any.state], ['granted', 'waiting'])
})

test('without patience he is refused where there is none, or where it was gone when it was polled', () => {
  const world = stocked(1)
  assert.equal(world.acquireNamed(null, 0).refusal, 'timeout')
  const wanted = world.acquireNamed(connection(world, 1), 0)
  world.settle()
  world.advance(1_000)
  assert.equal(wanted.state, 'waiting', 'the poll is still to come')
  const other = world.acquire({ yielded: true })
  world.serveNamed(wanted, connection(world, 1))
  assert.equal(wanted.refusal, 'timeout')
  world.release(other)
  const again = world.acquireNamed(connection(world, 1), 0)
  world.serveNamed(again, connection(world, 1))
  assert.equal(again.state, 'granted')
})

test('he gives up at his deadline, may be withdrawn, and is refused by close', () => {
  const world = stocked(1)
  const [late, withdrawn, closed] = [
    world.acquireNamed(null, 50),
    world.acquireNamed(null),
    world.acquireNamed(null),
  ]
  world.settle()
  world.advance(50)
  assert.equal(late.refusal, 'timeout')
  assert.equal(world.cancel(withdrawn), true)
  world.close(0)
  assert.equal(closed.refusal, 'closed')
  assert.equal(world.acquireNamed(null).refusal, 'closed')
  const { timeouts, aborts, refused } = world.machine.moves.tally
  assert.deepEqual([timeouts, aborts, refused], [1, 1, 2])
})

test('while the pool is paused he waits; without patience he is refused', () => {
  const world = stocked(1)
  world.pause()
  const patient = world.acquireNamed(connection(world, 1))
  const hasty = world.acquireNamed(connection(world, 1), 0)
  world.serveNamed(patient, connection(world, 1))
  world.serveNamed(hasty, connection(world, 1))
  assert.deepEqual([patient.state, hasty.refusal], ['waiting', 'timeout'])
  world.resume()
  world.serveNamed(patient, connection(world, 1))
  assert.equal(patient.state, 'granted')
})

test('one that has to be probed is probed for him, and is his if it lives', () => {
  for (const lives of [true, false]) {
    const world = stocked(1, { probes: true, probeAfterIdleMs: 50 })
    world.advance(50)
    const wanted = world.acquireNamed(connection(world, 1))
    world.serveNamed(wanted, connection(world, 1))
    assert.deepEqual(news(world), ['probe 1'])
    world.probed(lives)
    assert.equal(wanted.state, lives ? 'granted' : 'waiting')
  }
})

test('one that has to be probed is no use to who cannot wait for that', () => {
  const world = stocked(1, { probes: true, probeAfterIdleMs: 50 })
  world.advance(50)
  const wanted = world.acquireNamed(connection(world, 1), 0)
  world.serveNamed(wanted, connection(world, 1))
  assert.deepEqual([wanted.refusal, news(world)], ['timeout', ['refuse 2 timeout']])
})

test('one that was probed for somebody who left meanwhile is anybody’s', () => {
  const world = stocked(1, { probes: true, probeAfterIdleMs: 50 })
  world.advance(50)
  const wanted = world.acquireNamed(connection(world, 1))
  world.serveNamed(wanted, connection(world, 1))
  world.cancel(wanted)
  world.probed(true)
  assert.equal(world.idle.length, 1)
  const any = world.acquire({ yielded: true })
  assert.equal(any.connection?.serial, 1)
})

test('one that is found dead when it is to be lent is closed, and he goes on waiting', () => {
  const world = stocked(1)
  const wanted = world.acquireNamed(connection(world, 1))
  connection(world, 1).dead = true
  world.serveNamed(wanted, connection(world, 1))
  assert.equal(wanted.state, 'waiting')
  assert.deepEqual(news(world), ['destroy 1 died'])
})

test('while the backend is down and nothing is open he is refused as all are', () => {
  const world = new World({
    backoff: { initialMs: 10, maxMs: 100, factor: 2, jitter: 0, failFastAfter: 1 },
  })
  world.acquire()
  world.failed('backend')
  assert.equal(world.acquireNamed(null).refusal, 'unavailable')
})
