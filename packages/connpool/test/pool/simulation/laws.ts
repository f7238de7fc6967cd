import type { PoolStats } from '../../../src/pool/stats.ts'
import type { Ledger } from './ledger.ts'
import type { Link } from './link.ts'
import type { World } from './world.ts'

/** Rings of the pool's timer in a row, with nothing else between them, that lead to nothing. */
const IDLE_RINGS = 40

/** At rest, what the pool says of itself must be what the network and the borrowers know. */
export function checkAtRest(world: World, ledger: Ledger | null): void {
  const { verdict, links } = world
  world.noteDrained()
  for (const link of links) if (link.idle && link.spellByMs === null) link.spellByMs = world.now
  const stats = world.pool.stats()
  checkSums(world, stats)
  checkGauges(world, stats)
  checkCounters(world, stats)
  ledger?.compare(stats)
  checkTimes(world)
  checkAlarm(world)
  checkHolders(world)
  for (const link of links) checkLink(world, link)
  if (!world.closing) {
    checkSupply(world, stats)
    checkIdle(world)
  } else verdict.equal(stats.waiting + stats.connecting + stats.idle, 0, 'law 18', 'what is left')
  world.sweep()
}

/** Law 24: gauges and counters agree with each other. */
function checkSums({ verdict }: World, stats: PoolStats): void {
  const { open, idle, inUse, probing, resetting, closing } = stats
  verdict.equal(open, idle + inUse + probing + resetting + closing, 'law 24', 'open')
  const closed = Object.values(stats.closed).reduce((sum, count) => sum + count, 0)
  verdict.equal(open, stats.opened - closed, 'law 24', 'open')
  const { hits, misses, timeouts, aborts, refused, failed, waiting } = stats
  const settled = hits + misses + timeouts + aborts + refused + failed
  verdict.equal(stats.acquires, settled + waiting, 'law 24', 'acquires')
}

/** Laws 2, 10 and 13: nothing is lost, and nothing is there twice. */
function checkGauges(world: World, stats: PoolStats): void {
  const { verdict, links, asks, loans } = world
  const truth = { idle: 0, inUse: 0, probing: 0, resetting: 0, closing: 0, connecting: 0 }
  for (const link of links) {
    const { dial, stopped, ending, work, holders } = link
    if (dial === 'running' && stopped === null) truth.connecting++
    if (ending !== null && world.holdsPlace(link)) truth.closing++
    if (!link.serving) continue
    if (holders > 0) truth.inUse++
    else if (work === null) truth.idle++
    else if (work.verb === 'probe') truth.probing++
    else truth.resetting++
  }
  // Time may have leapt within a callback: what was told then may be given up a little sooner.
  const unclear = links.some(({ ending }) => isUnclear(world, ending))
  for (const [name, count] of Object.entries(truth)) {
    const figure = stats[name as keyof typeof truth]
    if (name !== 'closing' || !unclear) verdict.equal(figure, count, 'law 2', name)
  }
  const waiting = asks.filter(({ purpose }) => purpose === 'lease').length
  verdict.equal(stats.waiting, waiting, 'law 8', 'waiting')
  verdict.equal(stats.leases, loans.length, 'law 13', 'leases')
  verdict.equal(stats.min, world.min, 'resize', 'min')
  verdict.equal(stats.max, world.max, 'resize', 'max')
  verdict.equal(stats.paused, world.paused, 'pause', 'paused')
  verdict.equal(stats.generation, world.generation, 'law 17', 'generation')
}

function isUnclear({ now, settings, loop }: World, ending: Link['ending']): boolean {
  if (ending === null || ending.done) return false
  const { destroyTimeoutMs } = settings
  return now >= ending.fromMs + destroyTimeoutMs && !loop.isPast(ending.toMs + destroyTimeoutMs)
}

/** Law 8: every acquire is counted once, as what it came to. */
function checkCounters({ verdict, counts }: World, stats: PoolStats): void {
  verdict.equal(stats.hits + stats.misses, counts.granted, 'law 8', 'hits and misses')
  verdict.equal(stats.timeouts, counts.timeouts, 'law 8', 'timeouts')
  verdict.equal(stats.aborts, counts.aborts, 'law 8', 'aborts')
  verdict.equal(stats.refused, counts.refused, 'law 8', 'refused')
  verdict.equal(stats.failed, counts.failed, 'law 8', 'failed')
  verdict.equal(stats.releases, counts.releases, 'law 13', 'releases')
  verdict.equal(stats.opened, counts.opened, 'law 2', 'opened')
}

/** Law 12: whatever takes too long is given up in time. */
function checkTimes(world: World): void {
  const { verdict, settings, asks, links, loop } = world
  for (const { latestMs, serial } of asks) {
    verdict.insist(!loop.isPast(latestMs), 'law 8', `a${serial} waits past its deadline`)
  }
  for (const link of links) {
    const { dial, stopped, begun, work } = link
    if (dial === 'running' && stopped === null) {
      const late = loop.isPast(begun.toMs + settings.createTimeoutMs)
      verdict.insist(!late, 'law 12', `the dial of ${link} takes too long`)
    }
    if (work === null) continue
    const { probeTimeoutMs, resetTimeoutMs } = settings
    const mostMs = work.verb === 'probe' ? probeTimeoutMs : resetTimeoutMs
    const late = loop.isPast(work.sinceMs + mostMs)
    verdict.insist(!late, 'law 12', `the ${work.verb} of ${link} takes too long`)
  }
  if (!loop.isPast(world.graceByMs)) return
  const kept = links.filter(({ serving, holders }) => serving && holders > 0)
  verdict.equal(kept.length, 0, 'law 18', 'what is kept after the grace')
}

/** One timer at most, which holds the process exactly while somebody waits. */
function checkAlarm(world: World): void {
  const { verdict, loop, asks, links, closing, drained } = world
  const timers = loop.poolTimers
  verdict.insist(timers.length <= 1, 'process', `${timers.length} timers`)
  // A leap may have passed the time at which the last one is given up.
  const empty = !links.some((link) => world.holdsPlace(link))
  const unclear = world.drainUnseen || (closing && !drained && empty)
  const awaited = asks.length > 0 || (closing && !drained)
  const held = timers[0]?.held ?? false
  if (!unclear) verdict.equal(held, awaited, 'process', 'whether the timer holds the process')
  verdict.insist(loop.idleRings < IDLE_RINGS, 'law 25', 'the timer rings and rings in vain')
}

function checkHolders({ verdict, loans, pool, closing, generation }: World): void {
  const held = loans.filter(({ link }) => link.ending === null)
  const listed = pool.leases()
  const ids = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b).join()
  const expected = ids(held.map(({ link }) => link.id))
  verdict.equal(ids(listed.map((holder) => holder.connectionId)), expected, 'leases', 'the list')
  const ordered = listed.every(
    ({ heldMs }, index) => heldMs <= (listed[index - 1]?.heldMs ?? heldMs),
  )
  verdict.insist(ordered, 'leases', 'the oldest is not first')
  for (const { link, signal, serial } of loans) {
    if (signal === null) continue
    const recalled = link.ending !== null || closing || link.generation < generation
    verdict.equal(signal.aborted, recalled, 'signal', `whether l${serial} is told to give back`)
  }
}

/** What a connection that is not lent may be. */
function checkLink(world: World, link: Link): void {
  const { verdict, settings, now } = world
  // What was written last is waited for, even if it is to be closed then.
  if (!link.serving || link.holders > 0 || link.work?.verb === 'flush') return
  verdict.insist(link.generation === world.generation, 'law 17', `${link} is stale, and stays`)
  verdict.insist(!link.unclean, 'law 16', `${link} stays, and its reset failed`)
  verdict.insist(!link.drained, 'law 22', `${link} is broken, and stays`)
  verdict.insist(!link.told, 'law 14', `${link} died, and stays`)
  verdict.insist(link.uses < settings.maxUses, 'law 22', `${link} is used up, and stays`)
  if (link.idle && settings.hints) {
    verdict.insist(link.resting || settings.haste > 0, 'process', `${link} idles and holds on`)
  }
  verdict.insist(now >= link.bornMs, 'law 2', `${link} is from the future`)
}

/** Laws 6, 7, 11 and 20: nobody waits in vain, and for nothing. */
function checkSupply(world: World, stats: PoolStats): void {
  const { verdict, settings, trouble, now } = world
  const { waiting, idle, probing, connecting, open, closing } = stats
  const sound = world.links.filter((link) => world.isSound(link))
  // Of those that are shared a smaller pool has chosen some to be lent no more: which, cannot be seen.
  const chosen = world.shrunk && settings.maxLeases > 1
  const known = settings.maxLifetimeMs === Infinity && !chosen
  const stand = sound.length >= world.min && known
  const readies = world.asks.some(({ purpose }) => purpose === 'ready')
  verdict.insist(!(stand && readies), 'ready', 'min stands, and somebody waits for it')
  if (!trouble.unsure) {
    const unavailable = open === closing && trouble.dooming
    verdict.equal(stats.unavailable, unavailable, 'law 11', 'unavailable')
  }
  const surplus = open - closing + connecting - world.max
  const unlent = connecting + idle
  verdict.insist(surplus <= 0 || unlent === 0, 'resize', `${surplus} are too many, and not closed`)
  verdict.insist(idle <= Math.max(world.maxIdle, waiting), 'maxIdle', `${idle} are idle`)
  if (world.paused) return
  if (waiting > probing) {
    verdict.equal(idle, 0, 'law 6', 'idle while somebody waits')
    const seat = sound.some(({ holders }) => holders > 0 && holders < settings.maxLeases)
    // A surplus of shared ones is lent no more; which ones, and which are too old, cannot be seen.
    const unknown = !known || world.shrunk
    verdict.insist(!seat || unknown, 'law 6', 'somebody waits, and a lease is free')
  }
  const delays = trouble.unsure || !world.loop.isPast(trouble.byMs)
  if (trouble.standing !== null && !trouble.unsure && now < trouble.fromMs) {
    const doomed = trouble.dooming && open === closing && connecting === 0
    verdict.insist(!doomed || waiting === 0, 'law 11', 'somebody waits in vain')
  }
  if (delays) return
  const free = sound.filter(({ holders }) => holders === 0).length
  const wanted = Math.ceil(waiting / settings.maxLeases) + world.minIdle - free
  const need = Math.max(wanted, world.min - sound.length)
  const taken = world.links.filter(({ dial, detached, ending }) => {
    return dial !== 'failed' && !detached && ending?.done !== true
  }).length
  const cap = trouble.standing === null ? settings.maxConnecting : 1
  const owed = Math.min(need, world.max - taken + connecting, cap)
  verdict.insist(connecting >= owed, 'law 7', `${connecting} dial, and ${owed} are owed`)
}

/** Law 22, the other way: what was idle for too long does go. */
function checkIdle(world: World): void {
  const { verdict, settings, asks, links, loop } = world
  if (settings.maxLifetimeMs < Infinity || asks.some(({ purpose }) => purpose === 'lease')) return
  // Which shared ones of a surplus count for `min` no more cannot be seen.
  if (world.shrunk) return
  const idle = links.filter((link) => link.idle)
  const sound = links.filter((link) => world.isSound(link))
  if (idle.length <= world.minIdle || sound.length <= world.min) return
  for (const link of idle) {
    const spell = Math.min(link.idleForMs, settings.idleTimeoutMs)
    const over = link.spellByMs !== null && loop.isPast(link.spellByMs + spell)
    verdict.insist(!over, 'law 22', `${link} is idle for too long`)
  }
}
