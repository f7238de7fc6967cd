import { connectionTypes } from './connection.ts'
import { expireTogether } from './expire.ts'
import { findEntrant } from './roster.ts'

/** The process of one trial: `expiry-child.js CONTESTANT|timers WAITERS`. Prints what happened, as JSON, and nothing else. */
const [name = '', count] = process.argv.slice(2)
const waiters = Number(count)
// Longer than it takes to queue: nobody's deadline may be over before all wait.
const timeoutMs = waiters > 10_000 ? 1_000 : 150
const take = name === 'timers' ? waitForTimer : await takerOf(name)
const expiry = await expireTogether(take, { waiters, timeoutMs })
process.stdout.write(`${JSON.stringify(expiry)}\n`, () => process.exit(0))

/** The least that gives up in time: a timer each. */
function waitForTimer(): Promise<never> {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new Error('nothing came in time')), timeoutMs)
  })
}

/** A pool whose only connection is lent. */
async function takerOf(name: string): Promise<() => Promise<unknown>> {
  const [make] = connectionTypes
  if (make === undefined) throw new Error('there is no connection to lend')
  const contestant = await findEntrant(name).open({
    create: () => make(1),
    max: 1,
    maxWaiters: waiters,
    acquireTimeoutMs: timeoutMs,
  })
  await contestant.take()
  return () => contestant.take()
}
