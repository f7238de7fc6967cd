import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connection, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

test('leases gather on the fullest connection, so that the others can retire', () => {
  const world = stocked(2, { maxLeases: 3, idleTimeoutMs: 100 })
  const leases = [1, 2, 3].map(() => world.acquire({ yielded: true }))
  assert.deepEqual(
    leases.map(({ connection: lent }) => lent?.serial),
    [leases[0]?.connection?.serial, leases[0]?.connection?.serial, leases[0]?.connection?.serial],
  )
  world.advance(100)
  assert.equal(world.serving.length, 1)
})

test('a destroyed lease drains its connection: no new lease, closed with the last one', () => {
  const world = new World({ maxLeases: 2, max: 1 })
  const [first, second, third] = [world.acquire(), world.acquire(), world.acquire()]
  world.opened()
  assert.deepEqual([first.state, second.state, third.state], ['granted', 'granted', 'waiting'])
  world.destroyLease(first)
  assert.equal(connection(world, 1).destroyed, null)
  assert.equal(third.state, 'waiting')
  world.release(second)
  assert.equal(connection(world, 1).destroyed, 'destroyed')
  world.closed()
  world.opened()
  assert.equal(third.state, 'granted')
})

test('a returned lease goes straight to the next waiter', () => {
  const world = new World({ maxLeases: 2, max: 1 })
  const [first, , third] = [world.acquire(), world.acquire(), world.acquire()]
  world.opened()
  world.release(first)
  assert.equal(third?.state, 'granted')
})

test('the first clean release proves the connection, though others still hold it', () => {
  const world = new World({ maxLeases: 2 })
  const [first] = [world.acquire(), world.acquire()]
  world.opened()
  world.release(first)
  assert.equal(connection(world, 1).slot.proven, true)
  world.dies(connection(world, 1))
  assert.equal(world.machine.moves.backoff.standing, null)
})

test('when a shared connection dies, its leases end one by one and change nothing', () => {
  const world = new World({ maxLeases: 2 })
  const leases = [world.acquire(), world.acquire()]
  world.opened()
  world.dies(connection(world, 1))
  const { roster } = world.machine.moves
  assert.deepEqual([roster.inUse, roster.leases], [0, 2])
  for (const lease of leases) world.release(lease)
  assert.deepEqual([roster.inUse, roster.leases], [0, 0])
})

test('a connection that died in silence with leases to spare leaves the queue as it was', () => {
  const world = new World({ maxLeases: 3, maxWaiters: 1 })
  const first = world.acquire()
  world.opened()
  world.release(first)
  world.acquire()
  world.settle()
  connection(world, 1).dead = true
  const waiter = world.acquire()
  assert.equal(waiter.refusal, null, 'it is not full')
  world.opened()
  assert.equal(waiter.connection?.serial, 2)
})

test('a shared connection in use needs no turn before it is lent once more', () => {
  const world = new World({ maxLeases: 2 })
  world.acquire()
  world.opened()
  world.settle()
  world.pause()
  const waiter = world.acquire()
  world.resume()
  assert.equal(waiter.state, 'granted')
  assert.ok(!world.log.includes('turn'))
})

test('one that a holder took out for good does not come back with the lease of another', () => {
  const world = new World({ maxLeases: 2 })
  const [first, second] = [world.acquire(), world.acquire()]
  world.opened()
  world.detach(first)
  world.release(second)
  assert.deepEqual([world.idle.length, world.machine.moves.roster.open], [0, 0])
})

test('a lease that ends on one which is lent no more is a place for nobody', () => {
  for (const how of ['dies', 'expires'] as const) {
    const world = new World({ max: 1, maxLeases: 2, maxWaiters: 1 })
    const first = world.acquire()
    world.opened()
    world.acquire()
    if (how === 'dies') world.dies(connection(world, 1))
    else world.expire([connection(world, 1)], 0)
    world.release(first)
    assert.deepEqual([world.acquire().state, world.acquire().refusal], ['waiting', 'full'], how)
  }
})

test('a shared connection in use is lent for its last time without a turn', () => {
  const world = new World({ maxLeases: 2, maxUses: 2 })
  world.acquire()
  world.opened()
  world.settle()
  assert.equal(world.acquire().state, 'granted')
  assert.ok(!world.log.includes('turn'))
})
