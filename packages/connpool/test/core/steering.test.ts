import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connection, news, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

describe('invalidate', () => {
  test('idle ones close now, lent ones on return, dials in flight never enter', () => {
    const world = stocked(2, { max: 4, maxConnecting: 4 })
    const lease = world.acquire({ yielded: true })
    world.resize(3, 4)
    news(world)
    world.invalidate()
    assert.deepEqual(news(world), ['destroy 1 invalidated', 'abort 3', 'recall 2', 'open 4'])
    assert.equal(world.machine.generation, 1)
    assert.equal(world.opened(connection(world, 3)), false)
    world.release(lease)
    assert.equal(lease.connection?.destroyed, 'invalidated')
  })

  test('probing and resetting ones close now, and their answers come too late', () => {
    const world = stocked(2, { resets: true, probes: true, probeAfterIdleMs: 10 })
    const lease = world.acquire({ yielded: true })
    world.turn()
    world.advance(10)
    world.acquire()
    world.release(lease, { unclean: true })
    const [probing] = world.asked('probe')
    const [resetting] = world.asked('reset')
    assert.ok(probing && resetting)
    world.invalidate()
    assert.deepEqual([probing.destroyed, resetting.destroyed], ['invalidated', 'invalidated'])
    world.quiet('late answers', () => {
      world.machine.probed(probing.slot, true, 'backend', undefined, world.now)
      world.machine.resetDone(resetting.slot, true, undefined, world.now)
    })
  })

  test('those who wait are served by new connections', () => {
    const world = new World({ max: 1 })
    const waiter = world.acquire()
    world.invalidate()
    assert.equal(world.dialling.length, 0, 'the aborted dial holds its place')
    world.failed('local', connection(world, 1))
    world.opened()
    assert.equal(waiter.connection?.serial, 2)
    assert.equal(world.machine.moves.backoff.standing, null, 'an aborted dial is no failure')
  })

  test('in closing it changes nothing', () => {
    const world = stocked(1)
    world.acquire({ yielded: true })
    world.close(100)
    world.quiet('a late invalidate', () => world.machine.invalidate(world.now))
  })
})

describe('pause', () => {
  test('acquires queue, nothing is lent, nothing is dialled, deadlines run', () => {
    const world = stocked(1, { min: 1 })
    world.pause()
    world.resize(2, 10)
    const [patient, hurried] = [world.acquire(), world.acquire({ timeoutMs: 50 })]
    world.advance(50)
    assert.deepEqual([patient.state, hurried.refusal], ['waiting', 'timeout'])
    assert.deepEqual(news(world), ['refuse 3 timeout'])
    world.resume()
    world.turn()
    assert.equal(patient.state, 'granted')
    assert.equal(world.dialling.length, 1)
  })

  test('resume keeps no more idle than maxIdle, though few connections serve all who waited', () => {
    const world = new World({ maxLeases: 2, maxIdle: 0, max: 2 })
    const leases = [world.acquire(), world.acquire(), world.acquire()]
    world.opened()
    world.opened()
    world.pause()
    const waiters = [world.acquire(), world.acquire()]
    for (const lease of leases) world.release(lease)
    assert.equal(world.idle.length, 2)
    world.settle()
    world.resume()
    world.turn()
    assert.deepEqual(
      waiters.map(({ state }) => state),
      ['granted', 'granted'],
    )
    assert.equal(world.idle.length, 0)
  })

  test('resume grants in order', () => {
    const world = stocked(2)
    world.pause()
    const waiters = [world.acquire(), world.acquire({ priority: 1 }), world.acquire()]
    world.resume()
    world.turn()
    assert.deepEqual(
      waiters.map(({ state }) => state),
      ['granted', 'granted', 'waiting'],
    )
    assert.deepEqual(
      news(world).filter((line) => line.startsWith('grant')),
      ['grant 4 2', 'grant 3 1'],
    )
  })

  test('idle ones up to the number of waiters are no excess', () => {
    const world = new World({ max: 3, maxIdle: 1 })
    const leases = [world.acquire(), world.acquire(), world.acquire()]
    for (let count = 0; count < 3; count++) world.opened()
    world.pause()
    world.acquire()
    const second = world.acquire()
    for (const lease of leases) world.release(lease)
    assert.equal(world.idle.length, 2)
    world.cancel(second)
    assert.equal(world.idle.length, 1)
  })

  test('maxWaiters holds, though a shared connection has leases to spare', () => {
    const world = new World({ maxLeases: 4, maxWaiters: 2 })
    world.acquire()
    world.opened()
    world.pause()
    const waiters = [1, 2, 3].map(() => world.acquire())
    assert.deepEqual(
      waiters.map(({ refusal }) => refusal),
      [null, null, 'full'],
    )
  })

  test('maxWaiters holds, though an idle connection is there', () => {
    const world = stocked(1, { maxWaiters: 1 })
    world.pause()
    assert.equal(world.acquire().refusal, null)
    assert.equal(world.acquire().refusal, 'full')
  })

  test('a dial that was running enters', () => {
    const world = new World()
    const waiter = world.acquire()
    world.pause()
    world.opened()
    assert.equal(waiter.state, 'waiting')
    assert.equal(world.idle.length, 1)
  })
})

test('maxWaiters: beyond it an acquire is refused, unless something idles for it', () => {
  const world = stocked(1, { maxWaiters: 1, max: 1 })
  const served = world.acquire()
  const queued = world.acquire()
  const refused = world.acquire()
  assert.deepEqual([served.state, queued.state, refused.refusal], ['waiting', 'waiting', 'full'])
  assert.equal(world.machine.moves.tally.refused, 1)
  world.turn()
  assert.equal(served.state, 'granted')
})

describe('close', () => {
  test('waiters are refused, dials aborted, idle ones closed; then it is drained', () => {
    const world = stocked(1)
    world.resize(2, 10)
    const lease = world.acquire({ yielded: true })
    const waiter = world.acquire()
    const ready = world.ready()
    world.close(100)
    assert.deepEqual([waiter.refusal, ready.refusal], ['closed', 'closed'])
    assert.equal(world.acquire().refusal, 'closed')
    assert.equal(world.ready().refusal, 'closed')
    for (const dial of world.running) world.failed('backend', dial)
    world.release(lease)
    assert.equal(lease.connection?.destroyed, 'shutdown')
    assert.equal(world.truth.drains, 0)
    world.closed()
    world.finished()
  })

  test('a connection returned while waiters are refused is lent to none of them', () => {
    const world = stocked(1, { max: 1 })
    const lease = world.acquire({ yielded: true })
    const waiters = [world.acquire(), world.acquire()]
    world.react = (effect) => {
      world.react = () => undefined
      if (effect === 'refuse') world.release(lease)
    }
    world.close(100)
    assert.deepEqual(
      waiters.map(({ refusal }) => refusal),
      ['closed', 'closed'],
    )
    assert.equal(lease.connection?.destroyed, 'shutdown')
  })

  test('nothing is lent to one who comes while others are refused', () => {
    const world = stocked(1)
    world.resize(2, 10)
    world.ready()
    world.react = (effect) => {
      world.react = () => undefined
      if (effect === 'refuse') world.acquire({ yielded: true })
    }
    world.close(0)
    assert.equal(world.tickets.at(-1)?.refusal, 'closed')
  })

  test('when nothing is open it is drained at once, and no alarm is left of the grace', () => {
    const world = new World()
    world.close(20_000)
    world.finished()
  })

  test('when the grace is over, what is lent is destroyed, and ending the lease is a no-op', () => {
    const world = stocked(1)
    const lease = world.acquire({ yielded: true })
    world.close(100)
    world.advance(99)
    assert.equal(lease.connection?.destroyed, null)
    world.advance(1)
    assert.deepEqual(news(world), ['recall 1', 'graceOver', 'destroy 1 shutdown'])
    assert.equal(world.machine.moves.tally.closeTimeouts, 1)
    world.release(lease)
    world.closed()
    world.finished()
  })

  test('a second close shortens the grace and never lengthens it', () => {
    const world = stocked(1)
    const lease = world.acquire({ yielded: true })
    world.close(1_000)
    world.close(100)
    world.close(5_000)
    assert.equal(world.machine.nextDue(), 100)
    world.close(0)
    assert.equal(lease.connection?.destroyed, 'shutdown')
    world.closed()
    world.finished()
  })

  test('opening, probing and resetting ones go now; late results are destroyed', () => {
    const world = stocked(2, { resets: true, probes: true, probeAfterIdleMs: 10 })
    const lease = world.acquire({ yielded: true })
    world.turn()
    world.advance(10)
    world.acquire()
    world.acquire()
    world.release(lease, { unclean: true })
    assert.deepEqual(
      [world.asked('probe').length, world.asked('reset').length, world.dialling.length],
      [1, 1, 1],
    )
    world.close(0)
    assert.equal(world.destroying.length, 2)
    assert.equal(world.opened(connection(world, 3)), false)
    while (world.destroying.length > 0) world.closed()
    world.finished()
  })

  test('it waits no longer than destroyTimeoutMs for what does not close', () => {
    const world = stocked(1, { destroyTimeoutMs: 50 })
    world.resize(2, 10)
    world.close(0)
    world.advance(50)
    world.finished()
    assert.equal(world.machine.moves.tally.closed.shutdown, 1)
  })
})
