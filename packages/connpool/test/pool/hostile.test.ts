import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PoolOptions } from '../../src/pool/options.ts'
import { createPool } from '../../src/pool/pool.ts'
import { isThenable } from '../../src/pool/thenable.ts'
import { fixture, outcome, rejection, settled } from './support/fixture.ts'
import { warnings } from './support/warnings.ts'

test('a refuse listener that acquires again starves nobody', async () => {
  const { pool, source } = fixture({ backoff: { initialMs: 1_000_000, maxMs: 1_000_000 } })
  source.behave('create', () =>
    Promise.reject(Object.assign(new Error('x'), { code: 'ENOTFOUND' })),
  )
  let refused = 0
  pool.on('refuse', () => {
    refused++
    if (refused < 1_000) pool.acquire().catch(() => {})
  })
  const first = rejection(pool.acquire())
  await first
  assert.ok(refused <= 2, `${refused} refusals in a turn`)
  pool.pause()
  await pool.close()
  await settled()
})

test('chance that fails is no chance', async () => {
  for (const random of [
    () => {
      throw new Error('no entropy')
    },
    () => Number.NaN,
    () => 7,
  ]) {
    const pool = createPool({ create: () => ({}), destroy: () => {}, random })
    const lease = await pool.acquire()
    lease.release()
    await pool.close()
  }
})

test('an unlimited lifetime has no end, whatever chance takes off it', async () => {
  const limits = { maxLifetimeMs: Infinity, lifetimeJitter: 1, random: () => 1 }
  const { pool, clock } = fixture(limits)
  const lease = await pool.acquire()
  await clock.pass(10_000)
  lease.release()
  assert.equal(pool.stats().idle, 1)
  await pool.close()
})

test('an error that cannot be looked at is a failed dial like any other', async () => {
  const strange = {
    get code() {
      throw new Error('look away')
    },
  }
  const { pool, source, clock } = fixture()
  source.behave('create', () => Promise.reject(strange))
  const refused = rejection<{ code: string }>(pool.acquire({ timeoutMs: 50 }))
  await clock.pass(50)
  assert.equal((await refused).code, 'ERR_ACQUIRE_TIMEOUT')
  assert.equal(pool.stats().connectFailures.backend, 1)
  await pool.close()
})

test('an error whose message is no text, and cannot become one, is told like any other', async () => {
  for (const message of [Symbol('broken'), Object.create(null)]) {
    const { pool, source } = fixture({ classify: () => 'config' })
    source.behave('create', () => Promise.reject(Object.assign(new Error(), { message })))
    const [first, second] = [pool.acquire(), pool.acquire()]
    assert.equal(await outcome(first), 'ERR_CONNECT_FAILED')
    assert.equal(await outcome(second), 'ERR_CONNECT_FAILED')
    await pool.close()
  }
})

test('what cannot be looked at, and is thrown by a callback, is reported and harms nobody', async () => {
  const noStack = Object.defineProperty(new Error('x'), 'stack', {
    get() {
      throw new Error('look away')
    },
  })
  const noError = new Proxy(noStack, {
    getPrototypeOf() {
      throw new Error('look away')
    },
  })
  for (const strange of [noStack, noError]) {
    const heard = await warnings(async () => {
      const { pool, source } = fixture()
      const fail = () => {
        throw strange
      }
      source.behave('destroy', fail)
      pool.on('open', fail)
      const lease = await pool.acquire()
      lease.destroy()
      await settled()
      assert.equal(await outcome(pool.close()), 'resolved')
    })
    assert.equal(heard.length, 2)
  }
})

test('hints that reject are reported, and end no process', async () => {
  const rejects = () => Promise.reject(new Error('on purpose'))
  const heard = await warnings(async () => {
    const hints = { ref: rejects, unref: rejects, classify: rejects, isFatal: rejects }
    const { pool, source } = fixture(hints as unknown as Partial<PoolOptions<never>>)
    const lease = await pool.acquire()
    lease.release()
    await settled()
    const again = await pool.acquire()
    again.destroy(new Error('broken'))
    const keep = rejects as unknown as () => boolean
    await rejection(pool.use(() => Promise.reject(new Error('failed')), { keep }))
    source.behave('create', rejects)
    const refused = rejection(pool.acquire())
    await settled()
    await pool.close()
    await refused
  })
  const codes = new Set(heard.map(({ message }) => /: (\w+)\(\)/.exec(message)?.[1]))
  assert.deepEqual([...codes].sort(), ['classify', 'isFatal', 'keep', 'ref', 'unref'])
})

test('a shared connection is destroyed with the error of the holder who gave it up', async () => {
  const { pool, source } = fixture({ max: 1, maxLeases: 2 })
  const [first, second] = [await pool.acquire(), await pool.acquire()]
  const error = new Error('half a reply')
  first.destroy(error)
  second.release()
  assert.equal(source.connections[0]?.error, error)
  await pool.close()
})

test('an answer is waited for when it has a method then, whatever else is answered', () => {
  const having = (then: unknown) => Object.fromEntries([['then', then]])
  for (const answer of [undefined, null, 0, 'then', {}, having(5), () => {}]) {
    assert.equal(isThenable(answer), false)
  }
  for (const answer of [Promise.resolve(), having(() => {})]) {
    assert.equal(isThenable(answer), true)
  }
})
