import assert from 'node:assert/strict'
import { test } from 'node:test'
import { netNamespace } from '@connpool/real-servers'
import type { scenes } from '../support/black-hole-scenes.ts'
import { scenery } from '../support/net-namespace.ts'

const timeout = 20_000
const { skip } = netNamespace
const play = scenery<typeof scenes>(new URL('../support/black-hole-scenes.ts', import.meta.url))

/** A busy machine is late; what would be wrong here is later than that. */
const SLACK_MS = 3_000

/** It took from `least` to `most` ms, as far as the machine was free. */
function assertTook(tookMs: number, least: number, most = least): void {
  // The system's timers are early by a part of a millisecond.
  assert.ok(tookMs > least - 2 && tookMs < most + SLACK_MS, `${tookMs} ms, not ${least} to ${most}`)
}

test('dials that vanish end in their time and the acquire in its own; one succeeds soon after packets arrive', {
  timeout,
  skip,
}, async () => {
  const { port, refused, failed, unavailable, recoveryMs } = await play('dials')
  assert.equal(refused.code, 'ERR_ACQUIRE_TIMEOUT')
  assertTook(refused.tookMs, 2_000)
  assert.equal(
    refused.cause.message,
    `127.0.0.1:${port} did not accept the connection within 200 ms`,
  )
  assert.ok(failed >= 2, `${failed} dials failed`)
  assert.equal(unavailable, false)
  // A dial that was under way, and the longest delay.
  assertTook(recoveryMs, 0, 200 + 100)
})

test('where only the whole of a dial is limited, the cause says in which phase it was', {
  timeout,
  skip,
}, async () => {
  const { port, refused } = await play('wholeDials')
  assert.equal(refused.code, 'ERR_ACQUIRE_TIMEOUT')
  assertTook(refused.tookMs, 1_000)
  assert.equal(
    refused.cause.message,
    `hole: no connection was opened within 200 ms (connecting to 127.0.0.1:${port} was under way)`,
  )
})

test('after failFastAfter dials that vanished, acquires are refused at once', {
  timeout,
  skip,
}, async () => {
  const { first, second } = await play('failFast')
  assert.deepEqual([first.code, second.code], ['ERR_POOL_UNAVAILABLE', 'ERR_POOL_UNAVAILABLE'])
  assertTook(first.tookMs, 200)
  assertTook(second.tookMs, 0)
  assert.match(second.cause.message, /did not accept the connection within 200 ms/)
})

test('idle connections whose peer vanished are found out by probes, and nobody gets one', {
  timeout,
  skip,
}, async () => {
  const { port, refused, condemned, probeFailures, recoveryMs } = await play('probes')
  assert.equal(refused.code, 'ERR_ACQUIRE_TIMEOUT')
  assertTook(refused.tookMs, 1_500)
  assert.equal(
    refused.cause.message,
    `127.0.0.1:${port} did not accept the connection within 200 ms`,
  )
  assert.equal(condemned, 3)
  assert.equal(probeFailures, 3)
  assertTook(recoveryMs, 0)
})

test('a background probe finds it out while nobody asks', { timeout, skip }, async () => {
  assert.deepEqual(await play('background'), { reason: 'probe', acquires: 1 })
})

test('without a probe such a connection is lent, and its borrower’s deadline ends it', {
  timeout,
  skip,
}, async () => {
  const { recoveryMs, ...found } = await play('leases')
  assert.deepEqual(found, {
    hits: 2,
    ends: ['TimeoutError false', 'TimeoutError false'],
    destroyed: 2,
    open: 0,
  })
  assertTook(recoveryMs, 0)
})

test('closing does not wait for a peer that vanished', { timeout, skip }, async () => {
  const { tookMs, refused } = await play('closing')
  assertTook(tookMs, 0)
  assert.equal(refused.code, 'ERR_POOL_CLOSED')
})

const slow = Number(process.versions.node.split('.')[0]) < 24 && process.env.SLOW !== '1'
test('keepalive finds a peer that vanished, under a borrower and idle', {
  timeout: 40_000,
  skip: skip || (slow && 'takes 11 s before Node 24; SLOW=1 runs it'),
}, async () => {
  assert.deepEqual(await play('keepAlive'), { cause: 'ETIMEDOUT', reasons: ['died', 'died'] })
})

test('when no port is left to dial from, this machine is to blame, and one that is freed is used', {
  timeout,
  skip,
}, async () => {
  const { refused, local, recoveryMs, ...found } = await play('ports')
  assert.equal(refused.code, 'ERR_ACQUIRE_TIMEOUT')
  assertTook(refused.tookMs, 500)
  assert.equal(refused.cause.code, 'EADDRNOTAVAIL')
  assert.ok(local >= 2, `${local} dials failed`)
  assert.deepEqual(found, { backend: 0, unavailable: false })
  assertTook(recoveryMs, 0)
})
