import assert from 'node:assert/strict'
import type { FailureClass } from '../../../src/core/backoff.ts'
import type { PoolMachine } from '../../../src/core/machine.ts'
import type { CloseReason } from '../../../src/core/slot.ts'
import type { Tally } from '../../../src/core/tally.ts'
import type { Connection } from './connection.ts'
import type { Census, Truth } from './truth.ts'

type Machine = PoolMachine<Connection>

/** The laws that hold once all of an event is done, whatever it was. */
export function holdState(truth: Truth, machine: Machine): void {
  const census = truth.census()
  agree(truth, machine, census)
  counted(truth.tally, machine.moves.tally)
  if (truth.closing) return holdClosing(truth, census)
  remembered(truth, machine, census)
  kept(truth, census)
  const isOverdue = machine.nextDue() <= truth.now
  if (!isOverdue) idledOut(truth, census)
  if (truth.paused) return
  served(truth, census)
  if (!isOverdue) supplied(truth, census)
}

/** The figures of the machine are those of the truth. */
function agree(truth: Truth, machine: Machine, census: Census): void {
  const { roster, queue, named, readiness } = machine.moves
  const { waiting, claiming } = truth
  const unready = truth.unready.length
  const figures: readonly (readonly [what: string, told: number, so: number])[] = [
    ['dialling', roster.opening.size, census.dialling],
    ['aborted', roster.aborting.size, census.aborted],
    ['idle', roster.lendable, census.idle],
    ['aged', roster.aged.size, census.aged],
    ['in use', roster.inUse, census.lent],
    ['leases', roster.leases, truth.held.length],
    ['probing', roster.asked, census.probing],
    ['resetting', roster.resetting.size, census.resetting],
    ['closing', roster.closing.size, census.closing],
    ['open', roster.open, census.open],
    ['waiting', queue.size, waiting.length],
    ['in demand', queue.demand, truth.demand],
    ['waiting for one', named.size, claiming.length],
    ['waiting for min', readiness.size, unready],
  ]
  for (const [what, told, so] of figures) {
    if (told !== so) assert.fail(`laws 2, 10 and 13: ${told} are ${what}, not ${so}`)
  }
  for (const c of truth.connections) {
    const told = c.dial !== 'running' || truth.isWanted(c) || c.abortedAt !== null
    assert.ok(told, `dial ${c.serial} was not told to stop`)
    if (c.serving) drawn(truth, c)
  }
  assert.ok(unready === 0 || census.sound < truth.min, 'min stands, and somebody waits for it')
  const closes = truth.closing && truth.drains === 0
  const awaited = waiting.length + claiming.length + unready > 0 || closes
  assert.equal(machine.awaited, awaited, 'whether the process must not end')
}

/** A drawn lifetime ends when it may, and when it did at first (law 21). */
function drawn({ limits }: Truth, { bornAt, slot, retiresAt, leavesBy }: Connection): void {
  const { maxLifetimeMs, lifetimeJitter } = limits
  const { dueAt } = slot.retirement
  const latest = Math.min(bornAt + maxLifetimeMs, leavesBy)
  const earliest = leavesBy < Infinity ? bornAt : bornAt + maxLifetimeMs * (1 - lifetimeJitter)
  const isDrawn = dueAt === retiresAt && dueAt <= latest
  assert.ok(isDrawn && (latest === Infinity || dueAt >= earliest), 'law 21: the lifetime')
}

const gauges = [
  'acquires',
  'hits',
  'misses',
  'timeouts',
  'aborts',
  'refused',
  'failed',
  'releases',
  'opened',
  'probes',
  'probeFailures',
  'resets',
  'resetFailures',
  'closeTimeouts',
] as const satisfies (keyof Tally)[]

/** Law 24, and every figure by itself. */
function counted(expected: Tally, told: Tally): void {
  for (const name of gauges) {
    if (told[name] !== expected[name]) assert.equal(told[name], expected[name], `law 24: ${name}`)
  }
  for (const name in expected.closed) {
    const reason = name as CloseReason // The keys of a record that has no others.
    if (told.closed[reason] !== expected.closed[reason]) {
      assert.equal(told.closed[reason], expected.closed[reason], `law 24: closed.${reason}`)
    }
  }
  for (const name in expected.connectFailures) {
    const failureClass = name as FailureClass // The same.
    assert.ok(
      told.connectFailures[failureClass] === expected.connectFailures[failureClass],
      `law 24: connectFailures.${failureClass}`,
    )
  }
}

function holdClosing({ tickets }: Truth, census: Census): void {
  const waiting = tickets.some(({ state }) => state === 'waiting')
  const { dialling, idle, probing } = census
  assert.ok(!waiting && dialling + idle + probing === 0, 'law 18')
}

/** The memory of failed dials, and whom it dooms (law 11). */
function remembered(truth: Truth, machine: Machine, { serving, dialling }: Census): void {
  const { trouble, now, tickets, available, paused } = truth
  const { backoff } = machine.moves
  const delaying = trouble.delaying(now)
  assert.equal(backoff.standing, trouble.standing, 'the class that stands')
  assert.equal(backoff.failures, trouble.failures, 'failed steps in a row')
  if (delaying) assert.equal(backoff.until, trouble.until, 'the end of the delay')
  else assert.ok(!(backoff.until > now && backoff.delaying), 'no delay is due')
  assert.equal(available, serving > 0 || !trouble.dooming, 'available, or not')
  const dooms = serving + dialling === 0 && delaying && trouble.dooming && !paused
  const waits = dooms && tickets.some(({ state }) => state === 'waiting')
  assert.ok(!waits, 'law 11: somebody who is doomed waits')
}

/** What is surplus, excess or stale goes (law 22). */
function kept(truth: Truth, census: Census): void {
  const { serving, dialling, idle, lent, soundLent } = census
  const surplus = serving + dialling - truth.max
  assert.ok(
    surplus <= 0 || dialling + idle === 0,
    'surplus is aborted or closed where it is not lent',
  )
  const unchosen = serving - (lent - soundLent)
  const shared = truth.limits.maxLeases > 1
  assert.ok(!shared || soundLent === 0 || unchosen <= truth.max, 'surplus is lent on')
  const most = Math.max(truth.maxIdle, truth.waiting.length)
  assert.ok(idle <= most, 'more idle ones than maxIdle')
  for (const c of truth.connections) {
    const rests = c.serving && c.holders === 0 && c.asked !== 'reset'
    assert.ok(!rests || c.generation === truth.generation, 'law 17: a stale one is kept')
  }
}

/** Law 6. */
function served(truth: Truth, { idle, seats }: Census): void {
  const { waiting, turnAsked, connections } = truth
  if (turnAsked || waiting.length === 0) return
  const asked = connections.filter((c) => c.asked === 'probe' && !c.upkeep).length
  if (waiting.length <= asked) return
  assert.equal(idle + seats, 0, 'law 6: someone waits and something idles')
}

/** Laws 7, 20 and 22: what is needed is dialled, what is due is replaced. */
function supplied(truth: Truth, census: Census): void {
  const { limits, trouble, now, max } = truth
  const { dialling, aborted, open, closing, aged } = census
  const need = truth.need(census)
  const isFull = open + dialling + aborted >= max
  const waits = truth.waiting.length > 0
  assert.ok(aged === 0 || need > 0 || (!limits.dials && waits), 'law 22: it is due, and not needed')
  if (!limits.dials || trouble.delaying(now)) return
  const cap = trouble.standing === null ? limits.maxConnecting : 1
  const owed = Math.min(need, cap)
  assert.ok(dialling >= owed || isFull, `laws 7 and 20: ${dialling} dials of ${owed} owed`)
  const underway = dialling + aborted + closing
  assert.ok(
    aged === 0 || !isFull || underway > 0 || waits,
    'law 22: it is due, and could be broken',
  )
}

/** Law 22: whose idle spell is over goes, if it may. */
function idledOut(truth: Truth, { idle, aged, sound }: Census): void {
  const { limits, now, min, waiting, connections } = truth
  if (waiting.length > 0 || idle - aged <= limits.minIdle || sound <= min) return
  for (const c of connections) {
    const isOver = c.idle && !truth.isDoomed(c) && truth.spellEnd(c) <= now
    assert.ok(!isOver, 'law 22: its idle spell is over')
  }
}

/** The laws that hold once the alarm has rung for all that was due. */
export function holdTime(truth: Truth): void {
  const { now, limits, closing, closeBy } = truth
  for (const { state, deadline } of truth.tickets) {
    assert.ok(state !== 'waiting' || deadline > now, 'laws 8 and 12: its deadline is over')
  }
  if (!closing) idledOut(truth, truth.census())
  for (const c of truth.connections) {
    const dials = c.dial === 'running' && truth.isWanted(c)
    assert.ok(!dials || now - c.begunAt < limits.createTimeoutMs, 'its dial takes too long')
    assert.ok(!c.closing || now - c.destroyedAt < limits.destroyTimeoutMs, 'its place is not freed')
    if (!c.serving) continue
    const askedFor = now - c.askedAt
    assert.ok(c.asked !== 'probe' || askedFor < limits.probeTimeoutMs, 'its probe takes too long')
    assert.ok(c.asked !== 'reset' || askedFor < limits.resetTimeoutMs, 'its reset takes too long')
    assert.ok(!closing || now < closeBy, 'law 18: the grace is over')
    if (!c.idle || c.parkedAt === null || truth.isDoomed(c)) continue
    assert.ok(now - c.checkedAt < limits.probeEveryMs, 'its upkeep probe is due')
  }
}
