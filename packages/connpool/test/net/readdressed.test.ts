import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ManualClock, RudeServer } from '../../src/testing/index.ts'
import { next } from '../support/next.ts'
import { type OpenOptions, openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

// The whole of 127.0.0.0/8 is this machine on Linux: one port on several addresses is several servers.
const skip = process.platform === 'linux' ? false : 'needs Linux'
const timeout = 10_000

test('refresh() replaces the connections to an address that left, each before it is broken', {
  timeout,
  skip,
}, async (t) => {
  await using scene = await Scene.start()
  const pool = scene.open(t, { min: 3, max: 4, maxConnecting: 1 })
  await pool.ready()
  await scene.old.holds(3)
  scene.addresses = ['127.0.0.2']
  const standing: number[] = []
  pool.on('close', ({ reason, address }) => {
    assert.equal(reason, 'readdressed')
    assert.equal(address, `127.0.0.1:${scene.port}`)
    standing.push(pool.stats().idle)
  })
  await pool.refresh()
  await scene.young.holds(3)
  await scene.old.holds(0)
  await turns(3)
  assert.equal(pool.stats().closed.readdressed, 3)
  assert.deepEqual(standing, [3, 3, 3], 'never fewer than min')
})

test('a lent connection whose address left is not taken away, and goes when it is returned', {
  timeout,
  skip,
}, async (t) => {
  await using scene = await Scene.start()
  const pool = scene.open(t, {})
  const lease = await pool.acquire()
  scene.addresses = ['127.0.0.2']
  await pool.refresh()
  await turns(3)
  assert.equal(lease.signal.aborted, false)
  assert.equal(lease.connection.destroyed, false)
  lease.release()
  await scene.old.holds(0)
  assert.equal(pool.stats().closed.readdressed, 1)
  const next = await pool.acquire()
  assert.equal(next.info.address, `127.0.0.2:${scene.port}`)
  next.release()
})

test('one address that stays keeps its connections when another leaves', {
  timeout,
  skip,
}, async (t) => {
  await using scene = await Scene.start()
  scene.addresses = ['127.0.0.1', '127.0.0.2']
  const pool = scene.open(t, { min: 4, max: 8 })
  await pool.ready()
  await Promise.all([scene.old.holds(2), scene.young.holds(2)])
  scene.addresses = ['127.0.0.2']
  await pool.refresh()
  await scene.old.holds(0)
  await scene.young.holds(4)
  assert.equal(scene.young.accepted, 4)
})

test('a change that is found by itself spreads the replacements over the time that the answer holds', {
  timeout,
  skip,
}, async (t) => {
  await using scene = await Scene.start()
  const clock = new ManualClock()
  const moments = [0.1, 0.5, 0.9]
  const drawn = [...moments]
  const settings = { clock, min: 3, max: 6, idleTimeoutMs: Infinity, maxLifetimeMs: Infinity }
  let isSpreading = false
  const random = () => (isSpreading ? (drawn.shift() ?? 0) : 0)
  const pool = scene.open(t, { ...settings, random })
  await pool.ready()
  scene.addresses = ['127.0.0.2']
  isSpreading = true
  await clock.pass(8_000)
  assert.equal(pool.stats().closed.readdressed, 0)
  const counts: number[] = []
  for (let second = 1; second <= 10; second++) {
    await clock.pass(1_000)
    while (pool.stats().connecting + pool.stats().closing > 0) await turns(1)
    counts.push(pool.stats().closed.readdressed)
  }
  assert.deepEqual(counts, [1, 1, 1, 1, 2, 2, 2, 2, 3, 3])
  await scene.young.holds(3)
})

test('a straggler to an address that left takes none of the others with it', {
  timeout,
  skip,
}, async (t) => {
  await using scene = await Scene.start()
  const clock = new ManualClock()
  let shake = (): void => {}
  let shaken: Promise<void> | undefined
  const pool = scene.open(t, {
    clock,
    min: 3,
    max: 8,
    createTimeoutMs: Infinity,
    idleTimeoutMs: Infinity,
    maxLifetimeMs: Infinity,
    random: () => 0.9,
    handshake: () => shaken,
  })
  await pool.ready()
  shaken = new Promise((resolve) => {
    shake = resolve
  })
  pool.resize({ min: 4 })
  await scene.old.holds(4)
  scene.addresses = ['127.0.0.2']
  await clock.pass(8_000)
  const closed = next(pool, 'close')
  shaken = undefined
  shake()
  const { connectionId, reason } = await closed
  assert.deepEqual([connectionId, reason], [4, 'readdressed'])
  await clock.pass(1_000)
  assert.equal(pool.stats().closed.readdressed, 1)
})

test('an address that leaves while it is dialled does not stay', { timeout, skip }, async (t) => {
  await using scene = await Scene.start()
  let finish = (): void => {}
  const pool = scene.open(t, {
    handshake: (_socket, { address }) =>
      address.startsWith('127.0.0.1:')
        ? new Promise<void>((resolve) => {
            finish = resolve
          })
        : undefined,
  })
  const acquired = pool.acquire()
  await scene.old.holds(1)
  await turns(3)
  scene.addresses = ['127.0.0.2']
  await pool.refresh()
  finish()
  const lease = await acquired
  lease.release()
  await scene.old.holds(0)
  assert.equal(pool.stats().closed.readdressed, 1)
})

/** Two servers on one port, and a resolver that knows of one. */
class Scene implements AsyncDisposable {
  readonly old: RudeServer
  readonly young: RudeServer
  addresses = ['127.0.0.1']

  static async start(): Promise<Scene> {
    const old = await RudeServer.start()
    return new Scene(old, await RudeServer.start({ host: '127.0.0.2', port: old.port }))
  }

  private constructor(old: RudeServer, young: RudeServer) {
    this.old = old
    this.young = young
  }

  get port(): number {
    return this.old.port
  }

  open(t: TestContext, options: Partial<OpenOptions>) {
    const lookup = async () => this.addresses.map((address) => ({ address, ttl: 10 }))
    return openPool(t, { host: 'db', port: this.port, lookup, ...options })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.old[Symbol.asyncDispose]()
    await this.young[Symbol.asyncDispose]()
  }
}
