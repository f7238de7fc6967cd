import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createPool } from '../../src/pool/pool.ts'
import { ManualClock } from '../../src/testing/index.ts'
import { fixture, inTime, parked, rejection, settled } from './support/fixture.ts'

test('a pool whose connections idle does not hold the process, and one with a waiter does', async () => {
  const { pool, clock } = await parked(1, { max: 1 })
  assert.equal(clock.timers, 1, 'idleness is due some day')
  assert.equal(clock.heldTimers, 0)
  const lease = await pool.acquire()
  const waiting = pool.acquire()
  await settled()
  assert.equal(clock.heldTimers, 1)
  lease.release()
  const next = await waiting
  next.release()
  await settled()
  assert.equal(clock.heldTimers, 0)
  await pool.close()
})

test('the alarm is set and held for one who waits without a deadline, and for ready and close', async () => {
  const { pool, source, clock } = fixture({ max: 1, acquireTimeoutMs: Infinity, min: 1 })
  source.behave('create', () => new Promise(() => {}))
  const ready = pool.ready()
  await settled()
  assert.equal(clock.heldTimers, 1)
  source.behave('create', 'succeed')
  await clock.pass(20_000)
  await ready
  assert.equal(clock.heldTimers, 0)
  const lease = await pool.acquire()
  const waiting = pool.acquire()
  await settled()
  assert.equal(clock.heldTimers, 1)
  lease.release()
  const last = await waiting
  await settled()
  assert.equal(clock.heldTimers, 0)
  const closed = pool.close({ graceMs: Infinity })
  await settled()
  assert.equal(clock.heldTimers, 1)
  last.release()
  await closed
  await settled()
  assert.equal(clock.timers, 0)
})

test('an alarm is set for a whole number of ms that the system’s timers take', async () => {
  const clock = new ManualClock()
  const delays: number[] = []
  const { pool } = fixture({
    max: 1,
    idleTimeoutMs: 2 ** 40,
    maxLifetimeMs: Infinity,
    clock: {
      now: () => clock.now(),
      setTimeout: (wake, delayMs) => {
        delays.push(delayMs)
        return clock.setTimeout(wake, delayMs)
      },
    },
  })
  const lease = await pool.acquire()
  const waiting = pool.acquire({ timeoutMs: Infinity })
  await settled()
  lease.release()
  ;(await waiting).release()
  await pool.acquire({ timeoutMs: 0.25 }).then((next) => next.release())
  await clock.pass(2 ** 41)
  assert.equal(pool.stats().closed.idle, 1, 'slept in parts, it still wakes')
  await pool.close()
  assert.ok(delays.length > 500)
  for (const delayMs of delays) {
    assert.ok(Number.isInteger(delayMs) && delayMs >= 1 && delayMs < 2 ** 31, String(delayMs))
  }
})

/** Runs a program that has `pool`, of connections that hold nothing, and `say`. */
async function program(code: string): Promise<{ status: number | null; out: string }> {
  const src = new URL('../../src/', import.meta.url)
  const script = `
    import { createPool } from '${new URL('pool/pool.ts', src)}'
    const say = (text) => process.stdout.write(text + '\\n')
    const create = async () => ({})
    const destroy = () => {}
    ${code}`
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), '--input-type=module', '-e', script],
    {
      cwd: fileURLToPath(src),
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: 20_000,
    },
  )
  let out = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
  })
  const status = await new Promise<number | null>((done) => child.on('close', done))
  return { status, out: out.trim() }
}

test('an alarm rings in time, though the callbacks before it was set took long', async () => {
  const clock = new ManualClock()
  let blockedMs = 0
  const delays: number[] = []
  const { pool, source } = fixture({
    max: 1,
    createTimeoutMs: 50,
    clock: {
      now: () => clock.now() + blockedMs,
      setTimeout: (wake, delayMs) => {
        delays.push(delayMs)
        return clock.setTimeout(wake, delayMs)
      },
    },
  })
  source.behave('create', ({ signal }) => {
    signal?.addEventListener('abort', () => {
      blockedMs += 200
    })
    return new Promise(() => {})
  })
  const acquired = rejection<{ code: string }>(pool.acquire({ timeoutMs: 100 }))
  await clock.pass(50)
  assert.deepEqual(delays, [50, 1])
  await clock.pass(1)
  assert.equal((await acquired).code, 'ERR_ACQUIRE_TIMEOUT')
  await inTime(clock, pool.close())
})

test('a process ends though its pool has idle connections, timers to come, and was never closed', async () => {
  const begun = performance.now()
  const { status, out } = await program(`
    const pool = createPool({ create, destroy, min: 2, probe: () => true, probeEveryMs: 60_000 })
    await pool.use(() => say('used'))
    process.on('exit', () => say('idle ' + pool.stats().idle))`)
  assert.deepEqual({ status, out }, { status: 0, out: 'used\nidle 2' })
  assert.ok(performance.now() - begun < 15_000, 'it did not wait for the idle timeout')
})

test('an awaited acquire or close never ends the process with code 13', async () => {
  // An unref'd timer is all that would bring the connection; who waits for it holds the process.
  const { status, out } = await program(`
    const pool = createPool({
      max: 1,
      acquireTimeoutMs: Infinity,
      create,
      destroy: () => new Promise((done) => setTimeout(done, 60).unref()),
    })
    const lease = await pool.acquire()
    setTimeout(() => lease.release(), 60).unref()
    const second = await pool.acquire()
    say('acquired')
    setTimeout(() => second.release(), 60).unref()
    await pool.close()
    say('closed')`)
  assert.deepEqual({ status, out }, { status: 0, out: 'acquired\nclosed' })
})

test('once a pool is closed no timer of it is left', async () => {
  const pool = createPool({ create: async () => ({}), destroy: () => {}, min: 2 })
  await pool.ready()
  await pool.close()
  await settled()
  const timers = process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
  assert.deepEqual(timers, [])
})

test('a close that nobody awaits ends no process, unless it took connections away', async () => {
  const kind = await program(`
    const pool = createPool({ create, destroy })
    await pool.use(() => {})
    void pool.close()
    void pool.close({ graceMs: 0 })
    process.on('exit', () => say('open ' + pool.stats().open))`)
  assert.deepEqual(kind, { status: 0, out: 'open 0' })
  const rude = await program(`
    const pool = createPool({ create, destroy })
    await pool.acquire()
    process.on('uncaughtException', (error) => say(error.code))
    void pool.close({ graceMs: 0 })`)
  assert.deepEqual(rude, { status: 0, out: 'ERR_CLOSE_TIMEOUT' })
})
