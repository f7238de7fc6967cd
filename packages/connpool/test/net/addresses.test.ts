import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { FailureContext, Lookup } from '../../src/index.ts'
import { race } from '../../src/net/race.ts'
import { systemClock } from '../../src/pool/clock.ts'
import { BlackHole, ManualClock, RudeServer } from '../../src/testing/index.ts'
import { oneFailure } from '../support/one-failure.ts'
import { openPool } from '../support/open-pool.ts'
import { socketsMade } from '../support/sockets-made.ts'
import { turns } from '../support/turns.ts'

// The whole of 127.0.0.0/8 is this machine on Linux: one port on several addresses is several servers.
const skip = process.platform === 'linux' ? false : 'needs Linux'
const timeout = 10_000

const to =
  (...addresses: string[]): Lookup =>
  () =>
    Promise.resolve(addresses)

test('an address that refuses is passed over at once, and the connection names the one it has', {
  timeout,
  skip,
}, async (t) => {
  await using server = await RudeServer.start({ host: '127.0.0.3' })
  const clock = new ManualClock() // No time passes: nothing is waited for.
  const lookup = to('127.0.0.1', '127.0.0.2', '127.0.0.3')
  const pool = openPool(t, { host: 'db', port: server.port, lookup, clock })
  const lease = await pool.acquire()
  assert.equal(lease.info.address, `127.0.0.3:${server.port}`)
  assert.deepEqual(Object.keys(lease.info.timings ?? {}), ['lookup', 'connect'])
  assert.equal(pool.name, `db:${server.port}`)
  lease.release()
})

test('beside an address that does not answer, the next one is tried after 250 ms', {
  timeout,
  skip,
}, async (t) => {
  await using hole = await BlackHole.start()
  const { port } = hole
  await using server = await RudeServer.start({ host: '127.0.0.2', port })
  const clock = new ManualClock()
  const pool = openPool(t, { host: 'db', port, lookup: to('127.0.0.1', '127.0.0.2'), clock })
  const acquired = pool.acquire()
  await clock.pass(249)
  assert.equal(server.accepted, 0)
  await clock.pass(1)
  const lease = await acquired
  assert.equal(lease.info.address, `127.0.0.2:${port}`)
  assert.equal(lease.info.timings?.connect, 250)
  lease.release()
})

test('when all fail, one error lists each address with its trouble', {
  timeout,
  skip,
}, async (t) => {
  const server = await RudeServer.start()
  const { port } = server
  await server.close()
  const asked: FailureContext[] = []
  const pool = openPool(t, {
    host: 'db',
    port,
    lookup: to('127.0.0.1', '127.0.0.2'),
    backoff: oneFailure,
    classify: (_error, context) => {
      asked.push(context)
      return undefined
    },
  })
  await assert.rejects(pool.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_POOL_UNAVAILABLE')
    const { cause } = error
    assert.ok(cause instanceof AggregateError)
    assert.equal(cause.errors.length, 2)
    assert.equal(Reflect.get(cause, 'code'), 'ECONNREFUSED')
    assert.match(
      cause.message,
      new RegExp(`127.0.0.1:${port}: ECONNREFUSED; 127.0.0.2:${port}: ECONNREFUSED`),
    )
    return true
  })
  assert.deepEqual(asked, [{ phase: 'connect', address: `db:${port}` }])
})

test('one address alone fails with its own error, which names it', {
  timeout,
  skip,
}, async (t) => {
  const server = await RudeServer.start()
  const { port } = server
  await server.close()
  const pool = openPool(t, { host: 'db', port, lookup: to('127.0.0.2'), backoff: oneFailure })
  const failed = new Promise<string | undefined>((resolve) =>
    pool.once('connectFailed', ({ address }) => resolve(address)),
  )
  await assert.rejects(pool.acquire(), (error: Error) => {
    assert.match(String(error.cause), new RegExp(`ECONNREFUSED 127.0.0.2:${port}`))
    return true
  })
  assert.equal(await failed, `127.0.0.2:${port}`)
})

test('a trouble of this machine on one address does not hide what the backend said on another', async () => {
  for (const [codes, telling] of [
    [['EMFILE', 'ECONNREFUSED'], 'ECONNREFUSED'],
    [['ETIMEDOUT', 'EMFILE'], 'ETIMEDOUT'],
    [['EMFILE', 'ENOBUFS'], 'EMFILE'],
  ] as const) {
    const racing = race(
      {
        addresses: codes,
        dial: async (code) => {
          throw Object.assign(new Error('no'), { code })
        },
        dialled: () => {},
        show: (address) => address,
      },
      systemClock,
      new AbortController().signal,
    )
    await assert.rejects(racing, { name: 'AggregateError', code: telling })
  }
})

test('dials begin with one address after the other, so that each gets its share', {
  timeout,
  skip,
}, async (t) => {
  await using first = await RudeServer.start({ host: '127.0.0.1' })
  const { port } = first
  await using second = await RudeServer.start({ host: '127.0.0.2', port })
  const lookup = to('127.0.0.1', '127.0.0.2')
  const pool = openPool(t, { host: 'db', port, lookup, min: 6 })
  await pool.ready()
  await Promise.all([first.holds(3), second.holds(3)])
})

test('an address that failed, or was outrun by a later one, is dialled last from then on', {
  timeout,
  skip,
}, async (t) => {
  await using hole = await BlackHole.start()
  const { port } = hole
  await using server = await RudeServer.start({ host: '127.0.0.3', port })
  const clock = new ManualClock()
  // The first does not answer, the second refuses.
  const lookup = to('127.0.0.1', '127.0.0.2', '127.0.0.3')
  const pool = openPool(t, { host: 'db', port, lookup, clock, max: 6 })
  const first = pool.acquire()
  await clock.pass(250)
  const leases = [await first]
  while (leases.length < 6) leases.push(await pool.acquire()) // No time passes.
  assert.equal(server.accepted, 6)
  for (const lease of leases) {
    assert.equal(lease.info.address, `127.0.0.3:${port}`)
    lease.release()
  }
})

test('of many addresses that do not answer nobody is warned', { timeout }, async (t) => {
  const clock = new ManualClock()
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  t.after(() => process.off('warning', note))
  const end = new AbortController()
  let dials = 0
  const hangs = (_address: string, signal: AbortSignal) => {
    dials++
    return new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  }
  const addresses = Array.from({ length: 12 }, (_, i) => `127.0.1.${i + 1}`)
  const given = { addresses, dial: hangs, dialled: () => {}, show: String }
  const setTimer = clock.setTimeout.bind(clock)
  const timed = { ...systemClock, setTimeout: setTimer }
  const aborted = assert.rejects(race(given, timed, end.signal), /enough/)
  await clock.pass(12 * 250)
  assert.equal(dials, 12)
  end.abort(new Error('enough'))
  await aborted
  assert.deepEqual(warnings, [])
})

test('families take turns, the one that the resolver prefers first', {
  timeout,
  skip,
}, async (t) => {
  await using hole = await BlackHole.start()
  const { port } = hole
  let six: RudeServer
  try {
    six = await RudeServer.start({ host: '::1', port })
  } catch (error) {
    t.skip(`no IPv6 on this machine: ${error}`)
    return
  }
  await using server = six
  const clock = new ManualClock()
  // Two of the first family: the second attempt goes to the other one all the same.
  const lookup = to('127.0.0.1', '127.0.0.1', '::1')
  const pool = openPool(t, { host: 'db', port, lookup, clock })
  const acquired = pool.acquire()
  await clock.pass(250)
  const lease = await acquired
  assert.equal(lease.info.address, `[::1]:${port}`)
  assert.equal(server.accepted, 1)
  lease.release()
})

test('family 4 and 6 leave the other one out', { timeout, skip }, async (t) => {
  await using server = await RudeServer.start()
  const { port } = server
  const lookup = to('::1', '127.0.0.1')
  const four = openPool(t, { host: 'db', port, lookup, family: 4 })
  const lease = await four.acquire()
  assert.equal(lease.info.address, `127.0.0.1:${port}`)
  lease.release()
  const none = openPool(t, { host: 'db', port, lookup: to('127.0.0.1'), family: 6 })
  await assert.rejects(none.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_CONNECT_FAILED')
    assert.match(String(error.cause), /db resolves to no IPv6 address/)
    return true
  })
})

test('from a local address, only addresses of its family are dialled', {
  timeout,
  skip,
}, async (t) => {
  await using server = await RudeServer.start()
  const { port } = server
  const lookup = to('::1', '127.0.0.1')
  const clock = new ManualClock()
  const pool = openPool(t, { host: 'db', port, lookup, clock, localAddress: '127.0.0.1' })
  const lease = await pool.acquire()
  assert.equal(lease.info.address, `127.0.0.1:${port}`)
  lease.release()
})

test('attempts that lost, and those of an aborted dial, leave no socket and no timer', {
  timeout,
  skip,
}, async (t) => {
  await using hole = await BlackHole.start()
  const { port } = hole
  await using server = await RudeServer.start({ host: '127.0.0.3', port })
  const made = socketsMade(t)
  const clock = new ManualClock()
  let addresses = ['127.0.0.1', '127.0.0.3']
  const lookup: Lookup = async () => addresses
  const pool = openPool(t, { host: 'db', port, lookup, clock, connectTimeoutMs: 60_000 })
  const acquired = pool.acquire()
  await clock.pass(250)
  ;(await acquired).destroy()
  await server.holds(0)
  addresses = ['127.0.0.1']
  await pool.refresh()
  const waiting = assert.rejects(pool.acquire(), { code: 'ERR_POOL_CLOSED' })
  while (made.length < 3) await turns(1)
  await pool.close()
  await waiting
  await turns(3)
  assert.deepEqual(
    made.map((socket) => socket.destroyed),
    [true, true, true],
  )
  assert.equal(clock.timers, 0)
})
