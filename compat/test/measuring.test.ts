import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { type TestContext, test } from 'node:test'
import { RudeServer } from 'connpool/testing'
import { handlesBeyond, openHandles } from '../faults/handles.ts'
import { bystander, Ledger } from '../faults/ledger.ts'
import { LoopStalls } from '../faults/loop-stalls.ts'

const timeout = 5_000

test('a loop that stands still is told, for as long as it did and when it did', {
  timeout,
}, async (t) => {
  const stalls = new LoopStalls()
  t.after(() => stalls.stop())
  const from = performance.now()
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)
  const to = performance.now()
  // The next beat is the first that can tell.
  while (stalls.longestMs < 150) await new Promise(setImmediate)
  const stalled = stalls.between(from, to)
  assert.ok(stalled > 190 && stalled <= to - from, `${stalled} ms`)
  const half = stalls.between(from + 100, to)
  assert.ok(half > 90 && half < to - from - 99, `${half} ms`)
  assert.equal(stalls.between(from - 100, from - 50), 0)
  const left = stalls.after(from + 100)
  assert.ok(left > 90 && left < 190, `${left} ms`)
  assert.equal(stalls.after(from - 50), 0)
})

test('a socket counts from its dial to its end, however it was dialled', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  let begun = 0
  const ledger = open(t, () => begun++)
  const first = connect(server.port, server.host)
  const second = ledger.socket().connect(server.port, server.host)
  assert.deepEqual([ledger.open, begun], [2, 2])
  await Promise.all([once(first, 'connect'), once(second, 'connect')])
  first.destroy()
  assert.equal(ledger.open, 1)
  const third = connect(server.port, server.host)
  assert.deepEqual([ledger.open, ledger.most, begun], [2, 2, 3])
  const other = bystander().connect(server.port, server.host)
  await once(other, 'connect')
  assert.deepEqual([ledger.open, begun], [2, 3])
  other.destroy()
  second.destroy()
  third.destroy()
  assert.deepEqual([ledger.open, ledger.most], [0, 2])
})

test('what was opened since and not closed is told by its kind', { timeout }, async (t) => {
  const before = openHandles()
  const timer = setTimeout(() => {}, timeout)
  t.after(() => clearTimeout(timer))
  assert.deepEqual(await handlesBeyond(before), ['Timeout'])
  clearTimeout(timer)
  assert.deepEqual(await handlesBeyond(before), [])
})

function open(t: TestContext, begun: () => void): Ledger {
  const ledger = new Ledger(begun)
  t.after(() => ledger.stop())
  return ledger
}
