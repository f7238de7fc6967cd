import assert from 'node:assert/strict'
import { Resolver } from 'node:dns/promises'
import { type TestContext, test } from 'node:test'
import { ManualClock, RudeServer } from '../../src/testing/index.ts'
import { DnsServer } from '../support/dns-server.ts'
import { type OpenOptions, openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000
const skip = process.platform === 'linux' ? false : 'needs Linux'

test('a name is resolved by a name server, and its TTL is what decides when it is again', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  await using names = await DnsServer.start({ addresses: ['127.0.0.1'], ttl: 60 })
  const clock = new ManualClock()
  const pool = poolOn(t, names, { port: server.port, clock, idleTimeoutMs: Infinity })
  const lease = await pool.acquire()
  assert.equal(lease.info.address, `127.0.0.1:${server.port}`)
  lease.release()
  await clock.pass(47_999)
  assert.equal(names.asked, 1)
  await clock.pass(1)
  while (names.asked < 2) await turns(1)
})

test('when a name moves, its connections move, and the old server is left', {
  timeout,
  skip,
}, async (t) => {
  await using old = await RudeServer.start()
  const { port } = old
  await using young = await RudeServer.start({ host: '127.0.0.2', port })
  await using names = await DnsServer.start({ addresses: ['127.0.0.1'], ttl: 1 })
  const pool = poolOn(t, names, { port, min: 2, max: 4 })
  await pool.ready()
  names.answer = { addresses: ['127.0.0.2'], ttl: 300 }
  await pool.refresh()
  await young.holds(2)
  await old.holds(0)
})

for (const answer of ['no such name', 'trouble'] as const) {
  test(`a name server that comes to say ${answer} does not stop the pool`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start()
    await using names = await DnsServer.start({ addresses: ['127.0.0.1'], ttl: 1 })
    const clock = new ManualClock()
    const pool = poolOn(t, names, { port: server.port, clock })
    const first = await pool.acquire()
    first.destroy()
    names.answer = answer
    await clock.pass(1_000)
    const second = await pool.acquire()
    second.release()
    assert.ok(names.asked > 1)
    assert.equal(pool.stats().opened, 2)
  })
}

test('a name that the server does not know is a fault of the configuration', {
  timeout,
}, async (t) => {
  await using names = await DnsServer.start('no such name')
  const pool = poolOn(t, names, { port: 1, backoff: { initialMs: 5_000, jitter: 0 } })
  await assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_CONNECT_FAILED')
    assert.match(String(error.cause), /ENOTFOUND db.example/)
    return true
  })
})

test('a name without an address is one, too', { timeout }, async (t) => {
  await using names = await DnsServer.start({ addresses: [], ttl: 1 })
  const pool = poolOn(t, names, { port: 1, backoff: { initialMs: 5_000, jitter: 0 } })
  await assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_CONNECT_FAILED')
    assert.match(String(error.cause), /ENODATA db.example/)
    return true
  })
})

function poolOn(
  t: TestContext,
  names: DnsServer,
  options: Partial<OpenOptions> & { port: number },
) {
  const resolver = new Resolver({ timeout: 2_000, tries: 1 })
  resolver.setServers([names.address])
  const lookup = (host: string) => resolver.resolve4(host, { ttl: true })
  return openPool(t, { host: 'db.example', lookup, ...options })
}
