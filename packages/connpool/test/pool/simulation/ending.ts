import { CloseTimeoutError } from '../../../src/pool/errors.ts'
import { pools } from '../../../src/pool/registry.ts'
import type { Borrowers } from './borrowers.ts'
import { Chance } from './chance.ts'
import type { Ledger } from './ledger.ts'
import type { Network } from './network.ts'
import type { Steering } from './steering.ts'
import type { World } from './world.ts'

/** Rounds of 500 ms in which a kind world has served everybody. */
const ROUNDS = 60

/**
 * How each simulation ends: a kind world, in which all calls are answered and all leases given back,
 * serves everybody; then the pool closes, and nothing may be left.
 */
export async function goHome(
  world: World,
  steering: Steering,
  network: Network,
  borrowers: Borrowers,
  ledger: Ledger | null,
): Promise<void> {
  world.haste = 0
  world.weather = 'calm'
  world.chance = new Chance(0)
  if (!world.closing) await world.loop.drain()
  if (!world.closing) {
    world.loop.begin()
    steering.pause(false)
    await serveAll(world, network, borrowers)
    await lendAll(world, network, borrowers)
  }
  if (world.loop.isOver()) return
  await closeDown(world, steering, network, borrowers)
  checkEmpty(world, steering, ledger)
}

/** Law 8: nobody is forgotten. */
async function serveAll(world: World, network: Network, borrowers: Borrowers): Promise<void> {
  for (let round = 0; world.asks.length > 0 || world.loans.length > 0; round++) {
    if (world.loop.isOver()) return
    const left = `${world.asks.length} wait, ${world.loans.length} hold on`
    // With `maxWaiters: 0`, or a `min` that cannot be kept, somebody may wait for ever.
    world.verdict.insist(round < ROUNDS, 'law 8', `a kind world does not serve all: ${left}`)
    world.loop.begin()
    for (const call of network.hanging) network.answer(call, true)
    giveBack(world, borrowers)
    await world.loop.pass(500)
  }
}

function giveBack({ loans }: World, borrowers: Borrowers): void {
  for (const loan of loans) {
    if (loan.finish === null) borrowers.release(loan, undefined)
    else loan.finish(true)
  }
}

/** Law 19: no place was lost: all of `max` can be lent at once. */
async function lendAll(world: World, network: Network, borrowers: Borrowers): Promise<void> {
  const { settings, verdict, loop } = world
  if (settings.maxWaiters === 0) return
  // One that is worn or past its lifetime takes no further lease.
  const shared = settings.maxLifetimeMs === Infinity && settings.maxUses === Infinity
  const most = world.max * (shared ? settings.maxLeases : 1)
  for (let count = 0; count < most; count++) {
    loop.begin()
    const ask = borrowers.acquire({ timeoutMs: Infinity })
    for (let round = 0; ask.waits && round < ROUNDS; round++) {
      if (loop.isOver()) return
      for (const call of network.hanging) network.answer(call, true)
      await loop.pass(100)
    }
    verdict.insist(!ask.waits, 'law 19', `${count} of ${most} can be lent, and no more`)
    if (loop.isOver()) return
  }
}

/** Some of the leases are given back, some within the grace, and some are not. */
async function closeDown(
  world: World,
  steering: Steering,
  network: Network,
  borrowers: Borrowers,
): Promise<void> {
  const { loop, loans } = world
  loop.begin()
  for (const loan of loans.filter(({ finish, serial }) => finish === null && serial % 3 === 0)) {
    borrowers.release(loan, undefined)
  }
  steering.close(undefined)
  await loop.pass(100)
  loop.begin()
  if (world.loans.length % 2 === 1) steering.close(50)
  for (const loan of world.loans.filter(
    ({ finish, serial }) => finish !== null || serial % 3 === 1,
  )) {
    if (loan.finish === null) borrowers.release(loan, undefined)
    else loan.finish(true)
  }
  await loop.pass(8_000)
  loop.begin()
  giveBack(world, borrowers)
  for (const call of network.hanging) network.answer(call, true)
  await loop.pass(8_000)
  loop.begin()
  borrowers.acquire({})
  borrowers.ready(Infinity)
  borrowers.tryAcquire()
  await loop.pass(20_000)
}

/** Laws 2, 8 and 18: nothing is left, and nobody waits. */
function checkEmpty(world: World, steering: Steering, ledger: Ledger | null): void {
  const { verdict, loop, links, asks, loans, pool } = world
  verdict.equal(asks.length, 0, 'law 8', 'those who wait for ever')
  verdict.equal(loans.length, 0, 'law 8', 'those who hold on for ever')
  const left = links.filter(({ standing, dial }) => standing || dial === 'running')
  verdict.equal(left.join(), '', 'law 18', 'what is left open')
  verdict.equal(loop.poolTimers.length, 0, 'law 18', 'timers')
  verdict.equal(pool.stats().open, 0, 'law 18', 'open')
  verdict.insist(!pools().some((other) => other.name === pool.name), 'law 18', 'it is still listed')
  if (ledger !== null) verdict.equal(ledger.heard('drain'), 1, 'events', "events 'drain'")
  const { outcome } = steering
  verdict.insist(outcome !== undefined, 'law 18', 'close() does not settle')
  const overran = outcome instanceof CloseTimeoutError
  verdict.insist(overran || outcome === 'resolved', 'law 18', `close() came to ${outcome}`)
  const taken = overran ? outcome.holders.length : 0
  if (!world.takenUnseen) verdict.equal(taken, world.taken, 'law 18', 'leases taken')
}
