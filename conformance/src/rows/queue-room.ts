import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcome, outcomeAtOnce, served } from '../patience.ts'
import type { Row } from '../row.ts'
import { takeAll, useOnce } from '../scene.ts'
import { sentence } from '../sentence.ts'

export const queueRoom: Row = {
  name: 'queue-room',
  title: 'a queue of five, five time out in it: the next may wait',
  needs: 'queue limit',
  async play(scene) {
    const pool = await scene.open(new Backend(), { maxWaiters: 5, acquireTimeoutMs: 2_000 })
    const holder = await served(pool.acquire())
    await Promise.all([1, 2, 3, 4, 5].map(() => outcome(pool.acquire())))
    const next = useOnce(pool)
    const end = await outcomeAtOnce(next)
    if (end.is === 'refused') throw new Fault(`refused: ${sentence(end.error)}`)
    holder.release()
    await outcome(next)
    for (const lease of await takeAll(pool, 1)) lease.release()
    return ''
  },
}
