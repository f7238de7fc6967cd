import type { CloseReason } from '../../../src/core/slot.ts'
import type { Link } from './link.ts'
import type { World } from './world.ts'

/** Whether a dial may begin at this moment (laws 3, 4, 7, 18 and 20). */
export function checkDial(world: World): void {
  const { verdict, trouble, settings } = world
  verdict.insist(!world.closing, 'law 18', 'a dial begins after close')
  verdict.insist(!world.paused, 'law 20', 'a dial begins while the pool is paused')
  const taken = world.links.reduce((sum, link) => sum + (world.holdsPlace(link) ? 1 : 0), 0)
  verdict.insist(taken <= world.max, 'law 3', `a dial begins, and ${taken} places are taken`)
  // In the middle of something the pool may have given a dial up, and not told it yet.
  if (world.depth > 0) return
  // Nor are stale ones told before all that was stale is closed.
  const dialling = world.dialling.filter(({ generation }) => generation === world.generation).length
  verdict.insist(dialling <= settings.maxConnecting, 'law 4', `${dialling} dial at a time`)
  if (trouble.standing !== null && !trouble.unsure) {
    verdict.insist(dialling === 1, 'law 20', `${dialling} dial while ${trouble.standing} stands`)
    verdict.insist(world.now >= trouble.fromMs, 'law 20', 'a dial begins within the delay')
  }
  checkNeed(world, dialling)
}

/** Law 7, the one half of it, where it can be seen what counts for nothing. */
function checkNeed(world: World, dialling: number): void {
  const { settings, pool, trouble, verdict, haste } = world
  const { maxLeases, maxLifetimeMs, maxUses, increment } = settings
  if (haste > 0 || maxLeases > 1 || maxLifetimeMs < Infinity || maxUses < Infinity) return
  const { waiting, idle, probing, resetting, open, closing } = pool.stats()
  const stale = world.links.filter((link) => link.serving && link.generation < world.generation)
  // A stale one that nobody holds is being asked something, or has just answered: idle ones are gone.
  const spent = stale.filter(({ holders }) => holders === 0).length
  const need = Math.max(
    waiting + world.minIdle - idle - probing - resetting + spent,
    world.min - (open - closing - stale.length),
  )
  const spare = waiting > 0 && trouble.standing === null ? increment - 1 : 0
  verdict.insist(dialling <= need + spare, 'law 7', `${dialling} dial, and ${need} are needed`)
}

/** Whether a connection may be destroyed, and for that reason. */
export function checkDestroy(world: World, link: Link, reason: CloseReason): void {
  const { verdict, settings, now } = world
  verdict.insist(link.dial === 'opened', 'law 10', `${link} is destroyed, and never opened`)
  verdict.insist(link.ending === null, 'law 10', `${link} is destroyed twice`)
  const told = link.work?.signal?.aborted !== false
  verdict.insist(told, 'law 12', `${link} is destroyed, and its ${link.work?.verb} goes on`)
  verdict.insist(!link.detached, 'law 10', `${link} is destroyed, and had left the pool`)
  if (reason === 'idle') {
    const { idle, open, closing, waiting } = world.pool.stats()
    const spell = Math.min(link.idleForMs, settings.idleTimeoutMs)
    verdict.insist(link.holders === 0, 'law 22', `${link} is idle and in use`)
    verdict.insist(now >= link.freeMs + spell, 'law 22', `${link} was not idle for so long`)
    verdict.equal(waiting, 0, 'law 22', 'those who wait while one idles out')
    verdict.insist(idle >= world.minIdle, 'law 22', 'idled out below minIdle')
    verdict.insist(open - closing >= world.min, 'law 22', 'idled out below min')
  }
  if (reason === 'lifetime') {
    const least = settings.maxLifetimeMs * (1 - settings.lifetimeJitter)
    verdict.insist(now - link.bornMs >= least, 'law 22', `${link} was not that old`)
  }
  if (reason === 'uses') {
    verdict.insist(link.uses >= settings.maxUses, 'law 22', `${link} was not used up`)
  }
  if (reason === 'invalidated') {
    verdict.insist(link.generation < world.generation, 'law 22', `${link} was not stale`)
  }
  if (reason === 'shutdown') verdict.insist(world.closing, 'law 22', `${link} was not shut down`)
}
