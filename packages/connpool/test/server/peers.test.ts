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

/** One connection that comes to nothing. Answers whether it was let in at all. */
function fail(peers: Peers, address: string): boolean {
  if (!peers.enter(address)) return false
  peers.failed(address)
  peers.leave(address)
  return true
}

test('who fails ten times in a row has to wait, longer each time, and 5 s at most', () => {
  const clock = new ManualClock()
  const peers = new Peers(Infinity, clock)
  for (let i = 0; i < 10; i++) assert.equal(fail(peers, 'a'), true)
  const delays: number[] = []
  for (let i = 0; i < 8; i++) {
    let waitedMs = 0
    while (!fail(peers, 'a')) {
      clock.advance(50)
      waitedMs += 50
    }
    delays.push(waitedMs)
  }
  assert.deepEqual(delays, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000])
  assert.equal(peers.enter('b'), true)
})

test('who succeeds starts anew', () => {
  const peers = new Peers(Infinity, new ManualClock())
  for (let i = 0; i < 9; i++) fail(peers, 'a')
  peers.enter('a')
  peers.succeeded('a')
  peers.leave('a')
  for (let i = 0; i < 10; i++) assert.equal(fail(peers, 'a'), true)
  assert.equal(fail(peers, 'a'), false)
})

test('of many who failed the latest are remembered', () => {
  const peers = new Peers(Infinity, new ManualClock())
  for (let i = 0; i < 10; i++) fail(peers, 'first')
  for (let i = 0; i < 10; i++) fail(peers, 'last')
  for (let i = 0; i < 9_999; i++) fail(peers, `other ${i}`)
  assert.deepEqual([peers.enter('first'), peers.enter('last')], [true, false])
})
