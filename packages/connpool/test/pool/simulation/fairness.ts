import type { Ask, World } from './world.ts'

/** Grants in a row that may pass over the oldest waiter. */
const PASSES = 8

/**
 * Law 5, as those who wait see it: notes whom the one that is served now was served before. One of
 * them may have been turned away already without having heard of it; so it is held against the pool
 * only once it turns out that it had been waiting all the while.
 */
export function noteServed(world: World, served: Ask): void {
  // Who is served in the middle of somebody else's grant may hear of it first.
  if (world.reacted) return
  const { queueOrder } = world.settings
  const others = world.asks.filter(
    (ask) => ask !== served && ask.purpose === 'lease' && world.isOld(ask.order),
  )
  if (others.length === 0) return
  const oldest = others.reduce((old, ask) => (ask.order < old.order ? ask : old))
  // Who is older and past the deadline is turned away before anybody is served.
  const isOldest = others.every(
    ({ order, earliestMs }) => served.order < order || isOver(earliestMs, world.loop.sinceMs),
  )
  const skip = (ask: Ask) => {
    ask.passed ??= { turn: world.loop.turn, ms: world.loop.sinceMs }
  }
  if (!isOldest && ++oldest.passes > PASSES) skip(oldest)
  for (const ask of others) {
    const came = ask.priority === served.priority && ask.order < served.order
    if (came && queueOrder === 'fifo') skip(ask)
    if (ask.priority > served.priority && !isOldest) skip(ask)
  }
}

/** -Infinity is the deadline of one who waits for the next poll. */
function isOver(deadlineMs: number, nowMs: number): boolean {
  return deadlineMs <= nowMs && deadlineMs !== -Infinity
}

/** It is settled: at which time it waited still, if it was served or had to give up. */
export function judgeTurn(world: World, ask: Ask, outcome: 'served' | 'gave up'): void {
  const { passed, earliestMs, serial } = ask
  if (passed === null) return
  const waited =
    outcome === 'served' || (earliestMs > passed.ms && passed.turn + 1 < world.loop.turn)
  world.verdict.insist(!waited, 'law 5', `a${serial} was passed over at ${passed.ms} ms`)
}
