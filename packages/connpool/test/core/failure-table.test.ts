import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { FailureClass } from '../../src/core/backoff.ts'
import { news, stocked } from './support/stocked.ts'
import { World } from './support/world.ts'

const classes = ['config', 'local', 'overload', 'backend'] as const

/** How many steps of failed trials until a lone waiter is refused; Infinity if it is left waiting. */
function stepsToRefusal(failureClass: FailureClass): number {
  const world = new World()
  const waiter = world.acquire()
  for (let step = 1; step <= 12; step++) {
    world.failed(failureClass)
    if (waiter.state === 'refused') return step
    world.advance(5_000 - 1)
    world.advance(1)
    if (world.dialling.length === 0) world.acquire()
    assert.equal(world.dialling.length, 1, 'one trial a step')
  }
  return Infinity
}

describe('while nothing is open', () => {
  test('config refuses at once, backend after five steps, local and overload let wait', () => {
    assert.deepEqual(classes.map(stepsToRefusal), [1, Infinity, Infinity, 5])
  })

  test('a refusal says which it is, and counts as it should', () => {
    for (const [failureClass, refusal] of [
      ['config', 'config'],
      ['backend', 'unavailable'],
    ] as const) {
      const { backoff } = new World().limits
      const world = new World({ min: 1, backoff: { ...backoff, failFastAfter: 1 } })
      const waiters = [world.acquire(), world.acquire(), world.ready()]
      world.failed(failureClass)
      world.failed(failureClass)
      assert.deepEqual(
        waiters.map((waiter) => waiter.refusal),
        [refusal, refusal, refusal],
      )
      const { failed, refused } = world.machine.moves.tally
      assert.deepEqual([failed, refused], failureClass === 'config' ? [2, 0] : [0, 2])
      const late = world.acquire()
      assert.equal(late.refusal, refusal, 'and so are those who come during the delay')
    }
  })

  test('those who wait for local or overload get their deadline', () => {
    for (const failureClass of ['local', 'overload'] as const) {
      const world = new World()
      const waiter = world.acquire({ timeoutMs: 1_000 })
      world.failed(failureClass)
      for (let left = 1_000; left > 0; left -= 10) {
        world.advance(10)
        if (world.dialling.length > 0) world.failed(failureClass)
      }
      assert.equal(waiter.refusal, 'timeout')
    }
  })

  test('during a trial acquires queue, and are refused when it fails', () => {
    const world = new World()
    world.acquire()
    world.failed('config')
    world.advance(100)
    assert.equal(world.dialling.length, 0, 'nobody is left to dial for')
    const trial = world.acquire()
    const other = world.acquire()
    assert.deepEqual([trial.state, other.state], ['waiting', 'waiting'])
    world.failed('config')
    assert.deepEqual([trial.refusal, other.refusal], ['config', 'config'])
  })

  test('when the delay is over the alarm starts a trial for those who wait', () => {
    const world = new World()
    world.acquire()
    world.failed('local')
    world.advance(99)
    assert.equal(world.dialling.length, 0)
    world.advance(1)
    assert.equal(world.dialling.length, 1)
  })

  test('when nobody waits, no alarm is set and the next acquire dials', () => {
    const world = new World()
    const waiter = world.acquire()
    world.failed('local')
    world.cancel(waiter)
    assert.equal(world.machine.nextDue(), Infinity)
    world.advance(1_000)
    world.acquire()
    assert.equal(world.dialling.length, 1)
  })

  test('a waiter that comes during the delay does not shorten it', () => {
    const world = new World()
    world.acquire()
    world.failed('local')
    world.advance(50)
    world.acquire()
    assert.equal(world.dialling.length, 0)
    assert.equal(world.machine.nextDue(), 100)
  })
})

describe('while something is open', () => {
  for (const failureClass of classes) {
    test(`${failureClass} lets everybody wait for what is open`, () => {
      const world = stocked(1)
      const holder = world.acquire({ yielded: true })
      const waiter = world.acquire()
      for (let step = 0; step < 12; step++) {
        if (world.dialling.length > 0) world.failed(failureClass)
        world.advance(5_000)
      }
      assert.equal(waiter.state, 'waiting')
      world.release(holder)
      assert.equal(waiter.state, 'granted')
    })
  }

  test('being probed and being reset are open too', () => {
    const world = stocked(1, { resets: true })
    const holder = world.acquire({ yielded: true })
    world.release(holder, { unclean: true })
    const waiter = world.acquire()
    const second = world.acquire()
    world.failed('config')
    assert.deepEqual([waiter.state, second.state], ['waiting', 'waiting'])
    world.cleaned(false)
    assert.deepEqual([waiter.refusal, second.refusal], ['config', 'config'])
  })
})

describe('failures in a row', () => {
  test('parallel dials that fail in one step count once', () => {
    const world = new World({ maxConnecting: 4 })
    for (let count = 0; count < 4; count++) world.acquire()
    for (let count = 0; count < 4; count++) world.failed('backend')
    assert.equal(world.machine.moves.backoff.failures, 1)
    assert.equal(world.machine.moves.tally.connectFailures.backend, 4)
    world.advance(100)
    assert.equal(world.dialling.length, 1, 'and then there is one trial')
  })

  test('a trial that opens is on probation: a clean release clears the class', () => {
    const world = new World()
    const waiter = world.acquire()
    world.acquire()
    world.failed('local')
    world.failed('local')
    world.advance(100)
    world.opened()
    assert.equal(world.machine.moves.backoff.standing, 'local')
    assert.equal(world.dialling.length, 1, 'the next one, one at a time')
    world.release(waiter)
    assert.equal(world.machine.moves.backoff.standing, null)
  })

  test('a trial that opens is on probation: a second of life clears the class', () => {
    const world = new World()
    world.acquire()
    world.failed('local')
    world.advance(100)
    world.opened()
    world.advance(999)
    assert.equal(world.machine.moves.backoff.standing, 'local')
    world.advance(1)
    assert.equal(world.machine.moves.backoff.standing, null)
    assert.equal(world.machine.nextDue(), Infinity)
  })

  test('a connection that dies before its first clean release counts as a failed dial', () => {
    const world = new World()
    const waiter = world.acquire()
    world.opened()
    const { connection } = waiter
    assert.ok(connection)
    world.dies(connection, 'overload')
    const { backoff, tally } = world.machine.moves
    assert.deepEqual([backoff.standing, backoff.failures], ['overload', 1])
    assert.equal(tally.connectFailures.overload, 1)
    world.acquire()
    assert.equal(world.dialling.length, 0, 'and delays the next one')
  })

  test('one that dies after its clean release, or after a second, does not', () => {
    const proven = stocked(1)
    for (const connection of proven.idle) proven.dies(connection)
    assert.equal(proven.machine.moves.backoff.standing, null)

    const old = new World()
    old.acquire()
    old.opened()
    old.advance(1_000)
    for (const connection of old.serving) old.dies(connection)
    assert.equal(old.machine.moves.backoff.standing, null)
  })

  test('one that its borrower destroys does not', () => {
    const world = new World()
    const waiter = world.acquire()
    world.opened()
    world.destroyLease(waiter)
    assert.equal(world.machine.moves.backoff.standing, null)
  })

  test('the first clean release clears the class, whichever of parallel dials it came from', () => {
    const world = new World({ maxConnecting: 2 })
    const waiter = world.acquire()
    world.acquire()
    world.opened()
    world.failed('backend')
    assert.equal(world.machine.moves.backoff.standing, 'backend')
    world.release(waiter)
    assert.equal(world.machine.moves.backoff.standing, null)
  })

  test('one that was proven before the trouble began proves nothing about it', () => {
    const world = new World({ maxConnecting: 2 })
    const waiter = world.acquire()
    world.opened()
    world.advance(1_000)
    world.acquire()
    world.failed('backend')
    world.release(waiter)
    assert.equal(world.machine.moves.backoff.standing, 'backend')
  })

  test('a server that accepts and hangs up is dialled once a step', () => {
    const world = new World({ min: 2 })
    world.start()
    let dials = 0
    for (let elapsed = 0; elapsed < 10_000; elapsed += 50) {
      for (const dial of world.dialling) {
        dials++
        world.opened(dial)
        world.dies(dial)
        world.closed(dial)
      }
      world.advance(50)
    }
    // Seven steps with 100 + 200 + ... + 3200 + 5000 ms of delays; in each a trial, and another one
    // once the trial has opened.
    assert.ok(dials >= 7 && dials <= 14, `${dials} dials in 10 s`)
  })
})

test('availability is told once when it goes and once when it comes', () => {
  const world = new World()
  world.acquire()
  world.failed('config')
  world.advance(100)
  world.acquire()
  world.failed('config')
  assert.equal(world.log.filter((line) => line === 'unavailable').length, 1)
  world.advance(200)
  world.acquire()
  world.opened()
  assert.equal(world.log.filter((line) => line === 'available').length, 1)
})

test('a paused pool dooms nobody', () => {
  const world = new World()
  const waiter = world.acquire()
  world.pause()
  world.failed('config')
  assert.equal(waiter.state, 'waiting')
  world.resume()
  assert.equal(waiter.refusal, 'config')
})

test('when the world answers a refusal with a connection, the next one is not refused', () => {
  const world = new World()
  const first = world.acquire()
  const second = world.acquire()
  world.failed('config')
  world.react = (effect) => {
    world.react = () => undefined
    if (effect === 'connectFailed') world.offer()
  }
  world.failed('config')
  assert.deepEqual([first.state, second.state], ['granted', 'waiting'])
  assert.ok(news(world).includes('grant 1 3'))
})
