import assert from 'node:assert/strict'
import { once } from 'node:events'
import { before, test } from 'node:test'
import type { ClientPool } from '../../src/server/index.ts'
import { type Identity, selfSigned } from '../support/certificates.ts'
import { delayLine } from './support/delay-line.ts'
import { openClient, openServer } from './support/places.ts'

const ROUND_TRIP_MS = 40

let identity: Identity
before(async () => {
  identity = await selfSigned()
})

/** From the acquire to the first byte of the answer. */
async function firstByteMs(pool: ClientPool): Promise<number> {
  const begun = performance.now()
  const lease = await pool.acquire()
  lease.connection.write('?')
  await once(lease.connection, 'data')
  const tookMs = performance.now() - begun
  lease.destroy()
  return tookMs
}

test('over a line of 40 ms a stocked connection answers in one round trip, a dialled one in three', {
  timeout: 20_000,
}, async (t) => {
  const { pool: server, port } = await openServer(t, { tls: identity })
  const echo = async (): Promise<void> => {
    const socket = (await server.acquire({ timeoutMs: Infinity })).detach()
    socket.pipe(socket)
    return echo()
  }
  echo().catch(() => {}) // The pool closes.
  const line = await delayLine(t, port, ROUND_TRIP_MS / 2)
  const client = openClient(t, {
    port: line,
    tls: 'insecure',
    minCapacity: 1,
    minIntervalMs: 60_000,
  })
  await client.ready()
  const stocked = await firstByteMs(client)
  const dialled = await firstByteMs(client)
  assert.ok(
    stocked >= ROUND_TRIP_MS - 2 && stocked < 1.75 * ROUND_TRIP_MS,
    `stocked: ${stocked} ms`,
  )
  assert.ok(dialled >= 3 * ROUND_TRIP_MS - 6, `dialled: ${dialled} ms`)
})
