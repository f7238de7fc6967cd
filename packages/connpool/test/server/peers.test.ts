import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Peers } from '../../src/server/peers.ts'
import { ManualClock } from '../../src/testing/index.ts'

test('an address has as many connections as it may, whatever others have', () => {
  const peers = new Peers(2, new ManualClock())
  assert.deepEqual(
    ['a', 'a', 'a', 'b'].map((address) => peers.enter(address)),
    [true, true, false, true],
  )
  peers.leave('a')
  assert.deepEqual([peers.enter('a'), peers.enter('a')], [true, false])
})

/** One connection that comes to nothing, some time after the one before. Answers whether it was let in at all. */
function fail(clock: ManualClock, peers: Peers, address: string): boolean {
  clock.advance(10)
  if (!peers.enter(address)) return false
  peers.failed(address)
  peers.leave(address)
  return true
}

test('who fails ten times in a row has to wait, longer each time, and 5 s at most', () => {
  const clock = new ManualClock()
  const peers = new Peers(Infinity, clock)
  for (let i = 0; i < 10; i++) assert.equal(fail(clock, peers, 'a'), true)
  const delays: number[] = []
  for (let i = 0; i < 8; i++) {
    let tries = 0
    while (!fail(clock, peers, 'a')) tries++
    delays.push(10 * (tries + 1))
  }
  assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  assert.equal(peers.enter('b'), true)
})

test('who succeeds starts anew', () => {
  const clock = new ManualClock()
  const peers = new Peers(Infinity, clock)
  for (let i = 0; i < 9; i++) fail(clock, peers, 'a')
  peers.enter('a')
  peers.succeeded('a')
  peers.leave('a')
  for (let i = 0; i < 10; i++) assert.equal(fail(clock, peers, 'a'), true)
  assert.equal(fail(clock, peers, 'a'), false)
})

test('of many who failed the latest are remembered', () => {
  const clock = new ManualClock()
  const peers = new Peers(Infinity, clock)
  for (const address of ['first', 'last']) {
    for (let i = 0; i < 10; i++) fail(clock, peers, address)
  }
  for (let i = 0; i < 9_999; i++) {
    peers.enter(`other ${i}`)
    peers.failed(`other ${i}`)
    peers.leave(`other ${i}`)
  }
  clock.advance(100)
  for (const address of ['last', 'first']) fail(clock, peers, address)
  assert.deepEqual([peers.enter('last'), peers.enter('first')], [false, true])
})

test('many that fail together, as when a process ends, have failed once', () => {
  const peers = new Peers(Infinity, new ManualClock())
  for (let i = 0; i < 50; i++) peers.enter('a')
  for (let i = 0; i < 50; i++) {
    peers.failed('a')
    peers.leave('a')
  }
  assert.equal(peers.enter('a'), true)
})
