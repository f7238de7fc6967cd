import { PoolError, type PoolErrorCode } from '../../../src/pool/errors.ts'
import { judgeTurn } from './fairness.ts'
import { Mishap } from './mishap.ts'
import type { Ask, Counts, World } from './world.ts'

/** What a call throws. */
export function codeOf(act: () => unknown): string {
  try {
    act()
    return 'nothing'
  } catch (error) {
    return error instanceof PoolError ? error.code : String(error)
  }
}

const COUNTED: Readonly<Partial<Record<PoolErrorCode, keyof Counts>>> = {
  ERR_ACQUIRE_TIMEOUT: 'timeouts',
  ERR_QUEUE_FULL: 'refused',
  ERR_POOL_CLOSED: 'refused',
  ERR_POOL_UNAVAILABLE: 'refused',
  ERR_CONNECT_FAILED: 'failed',
}

/** Whether somebody was turned away for a reason that there was (laws 8, 11 and 18). */
export function checkRefusal(world: World, ask: Ask, error: unknown): void {
  const { verdict, counts, loop, trace, now } = world
  if (!(error instanceof PoolError)) {
    trace?.push(`a${ask.serial} is withdrawn`)
    const meant = error instanceof Mishap && error === ask.controller?.signal.reason
    verdict.insist(meant, 'law 8', `a${ask.serial} is refused by what nobody said: ${error}`)
    counts.aborts++
    return
  }
  const { code } = error
  trace?.push(`a${ask.serial} is refused: ${code}`)
  // Who tries again at once must not starve the pool: told at the end of the turn, among immediates.
  const late = ask.turn < loop.turn || loop.checking
  verdict.insist(late, 'refusals', `a${ask.serial} is refused before the turn is over`)
  const counted = COUNTED[code]
  verdict.insist(counted !== undefined, 'law 8', `a${ask.serial} is refused: ${code}`)
  if (counted !== undefined && ask.purpose === 'lease') counts[counted]++
  if (code === 'ERR_ACQUIRE_TIMEOUT') {
    verdict.insist(now >= ask.earliestMs, 'law 8', `a${ask.serial} gave up before its deadline`)
    judgeTurn(world, ask, 'gave up')
  } else if (code === 'ERR_POOL_CLOSED') {
    verdict.insist(world.closing, 'law 18', `a${ask.serial} is told that the pool is closed`)
  } else if (code === 'ERR_QUEUE_FULL') {
    const waiting = error.stats?.waiting ?? 0
    verdict.insist(waiting >= world.settings.maxWaiters, 'law 11', `full, and ${waiting} wait`)
  } else checkDoom(world, ask, error)
}

/** Law 11. */
function checkDoom({ verdict, trouble, loop }: World, ask: Ask, error: PoolError): void {
  const { open = 0, closing = 0, connecting = 0, paused } = error.stats ?? {}
  const hope = open > closing || connecting > 0 || paused === true
  verdict.insist(!hope, 'law 11', `a${ask.serial} is refused: ${error.code}, and might have hoped`)
  if (trouble.unsure) return
  const doomed = trouble.dooming || trouble.doomedTurn + 2 >= loop.turn
  verdict.insist(doomed, 'law 11', `a${ask.serial} is refused: ${error.code}, and nothing is wrong`)
}
