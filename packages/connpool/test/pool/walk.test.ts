import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import type { Lease } from '../../src/pool/lease.ts'
import type { FakeBehaviour, FakeConnection, FakeVerb } from '../../src/testing/index.ts'
import { seeded } from '../support/seeded.ts'
import { assertSums, assertWhole, type Fixture, fixture, settled } from './support/fixture.ts'

/** Set POOL_WALK_SEED to walk from another seed, POOL_WALKS to walk more often. */
const { POOL_WALK_SEED: seed = '1', POOL_WALKS: walks = '200' } = process.env

const VERBS: readonly FakeVerb[] = ['create', 'probe', 'reset', 'destroy']
const BEHAVIOURS: readonly FakeBehaviour[] = [
  'succeed',
  'succeed',
  'succeed',
  'hold',
  'hold',
  () => {
    throw new Error('threw')
  },
  () => Promise.reject(new Error('rejected')),
  ({ connection }) => connection.die(new Error('died')),
]

/** One borrower: who holds what, by the test's own account. */
class Borrowers {
  readonly held = new Map<Lease<FakeConnection>, FakeConnection>()
  settled = 0
  begun = 0
  readonly #maxLeases: number

  constructor(maxLeases: number) {
    this.#maxLeases = maxLeases
  }

  begin(acquired: Promise<Lease<FakeConnection>>): void {
    this.begun++
    acquired.then(
      (lease) => {
        this.settled++
        this.take(lease)
      },
      () => this.settled++,
    )
  }

  take(lease: Lease<FakeConnection>): void {
    const { connection } = lease
    const others = [...this.held.values()].filter((other) => other === connection).length
    assert.ok(others < this.#maxLeases, 'law 1: lent to more borrowers than may share it')
    const open = connection.state === 'open' || lease.signal.aborted
    assert.ok(open, 'law 14: lent though it is gone')
    this.held.set(lease, connection)
  }
}

async function walk(random: () => number): Promise<void> {
  const below = (bound: number) => Math.floor(random() * bound)
  const oneOf = <V>(values: readonly V[]): V | undefined => values[below(values.length)]
  const maxLeases = oneOf([1, 1, 1, 3]) ?? 1
  const max = 1 + below(3)
  const options = {
    max,
    min: below(max + 1),
    maxLeases,
    probes: random() < 0.5,
    resets: maxLeases === 1 && random() < 0.5,
    probeAfterIdleMs: oneOf([0, 100]) ?? 0,
    probeEveryMs: oneOf([Infinity, 150]) ?? Infinity,
    maxLifetimeMs: oneOf([Infinity, 400]) ?? Infinity,
    maxUses: oneOf([Infinity, 3]) ?? Infinity,
    idleTimeoutMs: oneOf([Infinity, 200]) ?? Infinity,
    createTimeoutMs: 300,
    destroyTimeoutMs: 300,
    maxWaiters: oneOf([Infinity, 2]) ?? Infinity,
    backoff: { initialMs: 50, failFastAfter: 2 },
    random,
  }
  const made = fixture(options)
  const { pool, source, clock } = made
  const borrowers = new Borrowers(maxLeases)
  const acts: readonly (() => unknown)[] = [
    () => borrowers.begin(pool.acquire({ timeoutMs: below(400), priority: below(8) })),
    () => borrowers.begin(pool.acquire()),
    () => {
      const controller = new AbortController()
      borrowers.begin(pool.acquire({ signal: controller.signal }))
      if (random() < 0.5) controller.abort()
      else clock.setTimeout(() => controller.abort(), below(100))
    },
    () => {
      const lease = pool.tryAcquire()
      if (lease !== null) borrowers.take(lease)
    },
    () => end(oneOf([...borrowers.held.keys()])),
    () => end(oneOf([...borrowers.held.keys()])),
    () => oneOf(source.connections)?.die(new Error('died')),
    () => source.behave(oneOf(VERBS) ?? 'create', oneOf(BEHAVIOURS) ?? 'succeed'),
    () => {
      const calls = source.calls(oneOf(VERBS) ?? 'create')
      const call = oneOf(calls.slice(-4))
      if (random() < 0.7) call?.succeed()
      else call?.fail(new Error('failed'))
    },
    () => pool.resize({ min: 0, max: 1 + below(3) }),
    () => (random() < 0.3 ? pool.invalidate() : undefined),
    () => (random() < 0.3 ? pool.pause() : pool.resume()),
    () => clock.pass(below(200)),
    () => settled(),
    () => settled(),
  ]
  function end(lease: Lease<FakeConnection> | undefined): void {
    if (lease === undefined) return
    borrowers.held.delete(lease)
    const how = random()
    if (how < 0.6) lease.release({ idleForMs: 50 + below(1_000) })
    else if (how < 0.9) lease.destroy()
    else lease[Symbol.dispose]()
  }
  for (let step = 0; step < 60; step++) {
    await oneOf(acts)?.()
    assertSums(pool.stats())
    assert.ok(source.open.length <= 3, 'law 3')
  }
  await finish(made, borrowers, end, maxLeases)
}

async function finish(
  made: Fixture,
  borrowers: Borrowers,
  end: (lease: Lease<FakeConnection>) => void,
  maxLeases: number,
): Promise<void> {
  const { pool, clock, source } = made
  pool.resume()
  for (let round = 0; borrowers.settled < borrowers.begun || borrowers.held.size > 0; round++) {
    assert.ok(round < 100, 'law 8: every acquire settles')
    for (const lease of borrowers.held.keys()) end(lease)
    await clock.pass(200)
  }
  pool.resize({ min: 0, max: 2 })
  for (const verb of VERBS) source.behave(verb, 'succeed')
  await assertWhole(made, maxLeases)
}

test('in any order of calls, answers, deaths and times nothing is lost', async (t) => {
  const warn = process.emitWarning
  process.emitWarning = () => {}
  t.after(() => {
    process.emitWarning = warn
  })
  for (let count = 0; count < Number(walks); count++) {
    const from = Number(seed) + count
    try {
      await walk(seeded(from))
    } catch (error) {
      throw new Error(`with POOL_WALK_SEED=${from}: ${inspect(error)}`)
    }
  }
})
