import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { PoolError } from '../../src/pool/errors.ts'
import { assertWhole, fixture, parked, settled } from './support/fixture.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const MANY = 100_000
/** More than are told in a turn of the loop, and far fewer than wait. */
const PORTION = 1_000

/** Whom a pool refused: in which order, and how many in the same turn of the event loop. */
class Roll {
  readonly codes = new Set<string>()
  longest = 0
  #next = 0
  #thisTurn = 0

  /** `count` acquires, each told apart by its place. */
  call(count: number, acquire: () => Promise<unknown>): Promise<unknown> {
    const calls = Array.from({ length: count }, (_, place) =>
      acquire().then(
        () => assert.fail('it was refused'),
        ({ code }: PoolError) => this.#refused(place, code),
      ),
    )
    return Promise.all(calls)
  }

  #refused(place: number, code: string): void {
    assert.equal(place, this.#next++, 'in order')
    this.codes.add(code)
    if (this.#thisTurn++ === 0) setImmediate(() => this.#turnOver())
  }

  #turnOver(): void {
    this.longest = Math.max(this.longest, this.#thisTurn)
    this.#thisTurn = 0
  }
}

test('a hundred thousand waiters are served in order, and stand on no stack', async () => {
  const made = await parked(1, { max: 1, acquireTimeoutMs: Infinity })
  const { pool } = made
  const lease = await pool.acquire()
  let served = 0
  const all: Promise<void>[] = []
  for (let place = 0; place < MANY; place++) {
    all.push(
      pool.acquire().then((next) => {
        assert.equal(served, place)
        served++
        next.release()
      }),
    )
  }
  assert.equal(pool.stats().waiting, MANY)
  lease.release()
  await Promise.all(all)
  assert.equal(served, MANY)
  await assertWhole(made)
})

for (const [whose, patientMs] of [
  ['of one deadline', null],
  ['behind one who is patient', 60_000],
] as const) {
  test(`a hundred thousand waiters ${whose} expire in order, a portion a turn`, async () => {
    const { pool, clock } = await parked(1, { max: 1 })
    const lease = await pool.acquire()
    const patient = patientMs === null ? null : pool.acquire({ timeoutMs: patientMs })
    const roll = new Roll()
    const all = roll.call(MANY, () => pool.acquire({ timeoutMs: 50 }))
    await settled()
    clock.advance(50)
    const { timeouts } = pool.stats()
    assert.ok(timeouts > 0 && timeouts <= PORTION, `${timeouts} in one alarm`)
    await clock.pass(1_000)
    await all
    assert.deepEqual(roll.codes, new Set(['ERR_ACQUIRE_TIMEOUT']))
    assert.ok(roll.longest <= PORTION, `${roll.longest} in one turn`)
    assert.equal(pool.stats().timeouts, MANY)
    lease.release()
    ;(await patient)?.release()
    await pool.close()
  })
}

test('a hundred thousand waiters are refused by close, in order, a portion a turn', async () => {
  const { pool } = await parked(1, { max: 1 })
  const lease = await pool.acquire()
  const roll = new Roll()
  const all = roll.call(MANY, () => pool.acquire())
  const closed = pool.close()
  assert.equal(pool.stats().refused, MANY)
  lease.release()
  await all
  await closed
  assert.deepEqual(roll.codes, new Set(['ERR_POOL_CLOSED']))
  assert.ok(roll.longest <= PORTION, `${roll.longest} in one turn`)
})

test('a hundred thousand waiters are doomed by a dial, in order, a portion a turn', async () => {
  const { pool, source } = fixture({ max: 1, classify: () => 'config' })
  source.behave('create', 'hold')
  const roll = new Roll()
  const all = roll.call(MANY, () => pool.acquire())
  source.held('create')[0]?.fail(new Error('wrong password'))
  await all
  assert.deepEqual(roll.codes, new Set(['ERR_CONNECT_FAILED']))
  assert.ok(roll.longest <= PORTION, `${roll.longest} in one turn`)
  await pool.close()
})

test('who is refused while others are still being told, is told after them', async () => {
  const { pool, source } = fixture({ max: 1, classify: () => 'config' })
  source.behave('create', 'hold')
  let told = 0
  const all = Array.from({ length: 3 * PORTION }, () => pool.acquire().catch(() => told++))
  source.held('create')[0]?.fail(new Error('wrong password'))
  await all[0]
  assert.ok(told < all.length, 'some are not told yet')
  await assert.rejects(pool.acquire(), { code: 'ERR_CONNECT_FAILED' })
  assert.equal(told, all.length)
  await pool.close()
})

test('who was told is let go, also while there are always others to be told', async () => {
  const { pool, source } = fixture({ max: 1, classify: () => 'config' })
  source.behave('create', 'hold')
  let told: WeakRef<object> | null = null
  let isOver = false
  const keepTrying = async () => {
    while (!isOver) {
      await pool.acquire().catch((error: PoolError) => {
        told ??= new WeakRef(error)
      })
    }
  }
  const all = Array.from({ length: 2 * PORTION }, keepTrying)
  source.held('create')[0]?.fail(new Error('wrong password'))
  const isHeld = () => told?.deref() !== undefined
  for (let turn = 0; turn < 40 && (told === null || isHeld()); turn++) {
    await settled()
    collectGarbage()
  }
  isOver = true
  assert.ok(told !== null && !isHeld())
  await Promise.all(all)
  await pool.close()
})
