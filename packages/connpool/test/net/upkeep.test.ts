import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { ManualClock } from '../../src/testing/index.ts'
import { kinds } from '../support/kinds.ts'
import { next } from '../support/next.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

/** How a probe reads its answer. */
const styles: Record<string, (socket: Duplex) => Promise<unknown>> = {
  "on('data')": (socket) => once(socket, 'data'),
  "on('readable')": async (socket) => {
    await once(socket, 'readable')
    return [socket.read()]
  },
  'for await': async (socket) => {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) return [bytes]
    return []
  },
}

for (const [kind, open] of Object.entries(kinds)) {
  for (const [style, read] of Object.entries(styles)) {
    test(`an upkeep probe is lent a ${kind} as a borrower is, and reads by ${style}`, {
      timeout,
    }, async (t) => {
      const clock = new ManualClock()
      const answers: string[] = []
      const { pool, far } = await open(t, {
        clock,
        probeEveryMs: 1_000,
        idleTimeoutMs: 10_000,
        probe: async (socket) => {
          assert.equal(socket.listenerCount('readable'), 0, 'it is watched no more')
          assert.equal(socket.readableFlowing, null)
          socket.write('are you there?')
          answers.push(String(await read(socket)))
        },
      })
      const { connection } = await pool.use((socket) => ({ connection: socket }))
      await turns(3)
      for (let probe = 1; probe <= 3; probe++) {
        await clock.pass(1_000)
        while (pool.stats().probing > 0) await turns(1)
        assert.deepEqual(answers, Array(probe).fill('are you there?'))
        await turns(1)
        assert.equal(connection.listenerCount('readable'), 1, 'it is watched again')
      }
      const { opened, idle, probes, probeFailures } = pool.stats()
      assert.deepEqual([opened, idle, probes, probeFailures], [1, 1, 3, 0])
      const closed = next(pool, 'close')
      far().write('late')
      assert.equal((await closed).reason, 'dirty')
    })
  }

  test(`an upkeep probe that leaves bytes of a ${kind} unread ends it`, { timeout }, async (t) => {
    const clock = new ManualClock()
    const { pool } = await open(t, {
      clock,
      probeEveryMs: 1_000,
      idleTimeoutMs: 10_000,
      probe: async (socket) => {
        socket.write('are you there?')
        while (socket.readableLength === 0) await turns(1)
      },
    })
    await pool.use(() => {})
    await turns(3)
    const closed = next(pool, 'close')
    await clock.pass(1_000)
    const { reason, error } = await closed
    assert.equal(reason, 'probe')
    assert.equal(String(error), 'Error: returned with 14 unread bytes')
  })
}
