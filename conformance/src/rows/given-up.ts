import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcome, turns } from '../patience.ts'
import type { Row } from '../row.ts'
import { takeAll } from '../scene.ts'

const max = 2

export const givenUp: Row = {
  name: 'given-up',
  title:
    'acquires that time out or are aborted, in the queue and during a dial, leave nothing behind',
  async play(scene) {
    let opens: (() => void)[] = []
    let slow = true
    const backend = new Backend({
      dial: () => (slow ? new Promise<void>((resolve) => opens.push(resolve)) : undefined),
    })
    const pool = await scene.open(backend, { max, acquireTimeoutMs: 200 })

    // During a dial. It ends when nobody waits for it any more.
    await gone(pool.acquire())
    slow = false
    for (const open of opens) open()
    opens = []
    await turns(10)

    // In the queue, and at the very moment in which one comes back.
    const leases = await takeAll(pool, max)
    await gone(pool.acquire())
    for (const lease of leases) {
      const leaving = new AbortController()
      const left = pool.acquireUntil?.(leaving.signal)
      lease.release()
      leaving.abort(new Error('gone'))
      await left?.then(
        (won) => won.release(),
        () => {},
      )
    }
    await turns(10)
    for (const lease of await takeAll(pool, max)) lease.release()
    if (backend.mostOpen > max) throw new Fault(`${backend.mostOpen} open, max ${max}`)
    return ''
  },
}

async function gone(acquiring: Promise<unknown>): Promise<void> {
  const { is } = await outcome(acquiring)
  if (is !== 'refused') throw new Fault(`${is} where it should time out`)
}
