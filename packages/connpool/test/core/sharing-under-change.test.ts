import assert from 'node:assert/strict'
import { test } from 'node:test'
import { stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

test('shared connections that a resize made too many are lent no more, also under load', () => {
  const world = new World({ max: 2, maxLeases: 2 })
  const leases = [world.acquire(), world.acquire(), world.acquire(), world.acquire()]
  world.opened()
  world.opened()
  world.resize(0, 1)
  for (let round = 0; round < 4; round++) {
    const next = world.acquire()
    const oldest = leases.shift()
    if (oldest !== undefined) world.release(oldest)
    leases.push(next)
    if (next.state !== 'granted') break
  }
  for (const lease of leases) if (lease.state === 'granted') world.release(lease)
  while (world.destroying.length > 0) world.closed()
  assert.equal(world.machine.moves.tally.closed.resized, 1)
  assert.equal(world.machine.moves.roster.serving, 1)
})

test('free leases serve as many who would not wait as there are', () => {
  const world = stocked(1, { max: 1, maxLeases: 3 })
  const asked = [1, 2, 3, 4].map(() => world.acquire({ timeoutMs: 0 }))
  world.turn()
  assert.deepEqual(
    asked.map(({ state }) => state),
    ['granted', 'granted', 'granted', 'refused'],
  )
})

test('shared connections that are being probed are too many only once they have answered', () => {
  const world = stocked(2, { max: 2, maxLeases: 2, probes: true, probeAfterIdleMs: 50 })
  world.advance(50)
  for (let count = 0; count < 4; count++) world.acquire()
  const probing = world.asked('probe')
  assert.equal(probing.length, 2)
  world.resize(0, 1)
  for (const one of probing) world.probed(true, one)
  assert.deepEqual(
    probing.map(({ destroyed }) => destroyed),
    ['resized', null],
  )
})

test('a resize has all shared connections that are too many lent no more at once', () => {
  const world = new World({ max: 3, maxLeases: 2 })
  for (let count = 0; count < 6; count++) world.acquire()
  while (world.dialling.length > 0) world.opened()
  world.resize(0, 1)
  assert.equal(world.machine.moves.roster.leaving.size, 2)
})
