import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { PoolOptions } from '../../src/pool/options.ts'
import type { FakeBehaviour, FakeCall, FakeConnection } from '../../src/testing/index.ts'
import { EVENT_NAMES } from './support/event-names.ts'
import {
  assertSums,
  assertWhole,
  type Fixture,
  fixture,
  inTime,
  settled,
} from './support/fixture.ts'

type Options = Partial<PoolOptions<FakeConnection>>

/** What a callback may do to its own pool. */
const actions: Record<string, (made: Fixture) => void> = {
  'acquires and releases': ({ pool }) => {
    void pool.acquire({ timeoutMs: 500 }).then(
      (lease) => lease.release(),
      () => {},
    )
  },
  'acquires and destroys': ({ pool }) => {
    void pool.use(() => Promise.reject(new Error('used')), { timeoutMs: 500 }).catch(() => {})
  },
  'takes and gives back at once': ({ pool }) => pool.tryAcquire()?.release(),
  'takes and destroys at once': ({ pool }) => pool.tryAcquire()?.destroy(new Error('taken')),
  'has a connection die': ({ source }) => source.open.at(0)?.die(new Error('reset')),
  'has every connection die': ({ source }) => {
    for (const connection of source.connections) connection.die(new Error('reset'))
  },
  invalidates: ({ pool }) => pool.invalidate(),
  'resizes down and up': ({ pool }) => {
    pool.resize({ min: 0, max: 1 })
    pool.resize({ min: 1, max: 3 })
  },
  'pauses and resumes': ({ pool }) => {
    pool.pause()
    pool.resume()
  },
  'aborts an acquire': ({ pool }) => {
    const controller = new AbortController()
    void pool.acquire({ signal: controller.signal }).then(
      (lease) => lease.release(),
      () => {},
    )
    controller.abort()
  },
  closes: ({ pool }) => {
    pool.close({ graceMs: 100 }).catch(() => {})
  },
}

type Hook = (act: () => void) => { options?: Options; setUp?: (made: Fixture) => void }

function perform(behaviour: FakeBehaviour, call: FakeCall): unknown {
  if (behaviour === 'hold') return call.answer
  return behaviour === 'succeed' ? undefined : behaviour(call)
}

/** A verb that acts before it does what the scenario has it do. */
const verb =
  (name: 'create' | 'probe' | 'reset' | 'destroy'): Hook =>
  (act) => ({
    setUp: ({ source: of }) => {
      const { behave } = of
      of.behave = (which, behaviour) => {
        if (which !== name) behave.call(of, which, behaviour)
        else {
          behave.call(of, which, (call) => {
            act()
            return perform(behaviour, call)
          })
        }
      }
      of.behave(name, 'succeed')
    },
  })

const hooks: Record<string, Hook> = {
  create: verb('create'),
  probe: verb('probe'),
  reset: verb('reset'),
  destroy: verb('destroy'),
  ref: (act) => ({ options: { ref: act, unref: () => {} } }),
  unref: (act) => ({ options: { unref: act } }),
  classify: (act) => ({
    options: {
      classify: () => {
        act()
        return undefined
      },
    },
  }),
  isFatal: (act) => ({
    options: {
      isFatal: () => {
        act()
        return false
      },
    },
  }),
  'the abort of a dial, probe or reset': (act) => ({
    setUp: ({ source: of }) => {
      const { behave } = of
      of.behave = (which, behaviour) =>
        behave.call(of, which, (call) => {
          call.signal?.addEventListener('abort', act)
          return perform(behaviour, call)
        })
      for (const name of ['create', 'probe', 'reset'] as const) of.behave(name, 'succeed')
    },
  }),
  'the signal of a lease': (act) => ({
    setUp: ({ pool }) => {
      const use = pool.use.bind(pool)
      pool.use = (fn, options) =>
        use((connection, lease) => {
          lease.signal.addEventListener('abort', act)
          return fn(connection, lease)
        }, options)
    },
  }),
  ...Object.fromEntries(
    EVENT_NAMES.map((name): [string, Hook] => [
      `a listener for '${name}'`,
      (act) => ({ setUp: ({ pool }) => pool.on(name, act) }),
    ]),
  ),
}

/** A little of everything that happens to a pool. */
async function live({ pool, source, clock }: Fixture): Promise<void> {
  type Work = (connection: FakeConnection) => unknown
  const use = (work: Work) => pool.use(work, { timeoutMs: 300 }).catch(() => {})
  const all = (...works: Work[]) => inTime(clock, Promise.all(works.map(use)))
  const die: Work = (connection) => connection.die('died')
  await all(settled, settled, die)
  await all(settled, () => Promise.reject(new Error('used')))
  for (const name of ['probe', 'reset'] as const) {
    source.behave(name, () => Promise.reject(new Error(name)))
    await all(() => {})
    await clock.pass(100)
    source.behave(name, 'succeed')
  }
  source.behave('create', () => Promise.reject(new Error('down')))
  pool.invalidate()
  await all(settled, settled)
  source.behave('create', 'hold')
  await clock.pass(400)
  const waiting = all(settled)
  await settled()
  pool.invalidate()
  source.behave('create', 'succeed')
  for (const call of source.calls('create')) call.succeed()
  await waiting
  for (const verb of ['probe', 'reset'] as const) {
    source.behave(verb, 'hold')
    const asking = all(() => {})
    await clock.pass(50)
    pool.invalidate()
    source.behave(verb, 'succeed')
    for (const call of source.calls(verb)) call.succeed()
    await asking
  }
  await all(() => pool.invalidate())
  await clock.pass(300)
}

for (const [place, hook] of Object.entries(hooks)) {
  describe(`a pool that is called back from ${place}`, () => {
    for (const [what, action] of Object.entries(actions)) {
      test(`which ${what}, loses nothing`, async () => {
        let made: Fixture | null = null
        let acting = false
        let acted = 0
        const act = () => {
          // A callback that always calls itself back never ends, and is not the pool's to end.
          if (made === null || acting || acted >= 40) return
          acting = true
          acted++
          action(made)
          acting = false
          assertSums(made.pool.stats())
        }
        const { options = {}, setUp } = hook(act)
        made = fixture({
          min: 1,
          max: 3,
          probes: true,
          resets: true,
          probeAfterIdleMs: 0,
          backoff: { initialMs: 50, jitter: 0, failFastAfter: 2 },
          ...options,
        })
        setUp?.(made)
        await live(made)
        assert.ok(acted > 0 || place.includes('drain'), 'it was called back')
        acted = Infinity
        if (what === 'closes') {
          await inTime(
            made.clock,
            made.pool.close().catch(() => {}),
          )
          assert.deepEqual([made.pool.stats().open, made.source.open.length], [0, 0])
          assertSums(made.pool.stats())
        } else await assertWhole(made)
      })
    }
  })
}

test('release inside a listener for release goes on as deep as the listener asks', async () => {
  const made = fixture({ max: 1 })
  const { pool } = made
  let deep = 0
  pool.on('release', () => {
    if (++deep < 500) pool.tryAcquire()?.release()
  })
  ;(await pool.acquire()).release()
  assert.equal(deep, 500)
  await assertWhole(made)
})

test('a holder that releases the moment it is granted hands on through the loop, not the stack', async () => {
  const made = fixture({ max: 1 })
  const { pool } = made
  const lease = await pool.acquire()
  let served = 0
  pool.on('acquire', () => served++)
  const all = Array.from({ length: 10_000 }, () => pool.use(() => {}))
  lease.release()
  await Promise.all(all)
  assert.equal(served, 10_000)
  await assertWhole(made)
})
