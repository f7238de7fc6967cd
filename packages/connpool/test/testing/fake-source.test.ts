import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPool } from '../../src/pool/pool.ts'
import { FakeSource, ManualClock } from '../../src/testing/index.ts'
import { settled } from '../pool/support/fixture.ts'

test('by itself everything succeeds, and every call is on record', async () => {
  const source = new FakeSource()
  const pool = createPool({ ...source, clock: new ManualClock(), probeAfterIdleMs: 0 })
  for (let count = 0; count < 2; count++) {
    await pool.use((connection) => assert.equal(connection.state, 'open'))
    await settled()
  }
  assert.equal(source.open[0]?.resting, true)
  await pool.close()
  const calls = (['create', 'probe', 'reset', 'destroy'] as const).map(
    (verb) => source.calls(verb).length,
  )
  assert.deepEqual(calls, [1, 1, 2, 1])
  const [connection] = source.connections
  assert.deepEqual([connection?.state, connection?.reason], ['destroyed', 'shutdown'])
  assert.equal(source.open.length, 0)
})

test('a call that is held waits for the test, which settles it once', async () => {
  const source = new FakeSource()
  source.behave('create', 'hold')
  const pool = createPool({ ...source, clock: new ManualClock() })
  const acquired = pool.acquire()
  await settled()
  const [call] = source.held('create')
  assert.equal(call?.connection.state, 'opening')
  assert.equal(call?.signal?.aborted, false)
  call?.succeed()
  call?.fail(new Error('too late'))
  const lease = await acquired
  assert.equal(lease.connection, call?.connection)
  assert.deepEqual(source.held('create'), [])
  lease.release()
  await pool.close()
})

test('a behaviour of its own may throw, reject, or answer what it likes', async () => {
  const source = new FakeSource()
  const down = new Error('down')
  const died = (): void => {}
  const { signal } = new AbortController()
  for (const behaviour of [
    () => {
      throw down
    },
    () => Promise.reject(down),
  ]) {
    source.behave('create', behaviour)
    await assert.rejects(source.create({ signal, died }), down)
  }
  assert.deepEqual(
    source.connections.map((connection) => connection.state),
    ['failed', 'failed'],
  )
  source.behave('create', 'succeed')
  const connection = await source.create({ signal, died })
  source.behave('probe', ({ connection: asked }) => asked.state === 'dead')
  assert.equal(source.probe(connection, { signal }), false)
})

test('a connection dies as often as it is told to, and tells the pool each time', async () => {
  const source = new FakeSource()
  const told: unknown[] = []
  const { signal } = new AbortController()
  const connection = await source.create({ signal, died: (error) => told.push(error) })
  connection.die('first')
  assert.equal(connection.state, 'dead')
  source.destroy(connection, 'died')
  connection.die()
  assert.equal(connection.state, 'destroyed')
  assert.deepEqual(told, ['first', undefined])
})
