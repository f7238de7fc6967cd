import type { Work } from './work.ts'
import { acquire, acquireTimeout } from './works/acquire.ts'
import { sweep } from './works/sweep.ts'
import { tcpAcquire, tcpTryAcquire } from './works/tcp.ts'
import { tcpIdle } from './works/tcp-idle.ts'
import { tryAcquire } from './works/try-acquire.ts'
import { use } from './works/use.ts'
import { waiters } from './works/waiters.ts'
import { workers, workers8 } from './works/workers.ts'

/** Every work, in the order of the report. */
export const programme: readonly Work[] = [
  tryAcquire,
  acquire,
  acquireTimeout,
  use,
  workers,
  workers8,
  waiters,
  sweep,
  tcpTryAcquire,
  tcpAcquire,
  tcpIdle,
]

/** The work of that name. Throws for an unknown one. */
export function findWork(name: string): Work {
  const found = programme.find((work) => work.name === name)
  if (found === undefined) {
    const known = programme.map((work) => work.name).join(', ')
    throw new RangeError(`no work is called '${name}'; there are ${known}`)
  }
  return found
}
