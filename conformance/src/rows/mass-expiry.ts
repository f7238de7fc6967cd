import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { LoopWatch } from '../loop-watch.ts'
import { outcome, served } from '../patience.ts'
import type { Row } from '../row.ts'

const waiters = 20_000

export const massExpiry: Row = {
  name: 'mass-expiry',
  title: '20,000 waiters expire together: refused in order, no stall over 50 ms',
  alone: true,
  async play(scene) {
    const pool = await scene.open(new Backend(), { acquireTimeoutMs: 500 })
    const holder = await served(pool.acquire())
    const order: number[] = []
    const ends = Array.from({ length: waiters }, (_, i) =>
      pool.acquire().catch(() => order.push(i)),
    )
    // Until the last of them is due: then they are due together.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 600)
    const watch = new LoopWatch()
    const end = await outcome(Promise.all(ends), 30_000)
    const stallMs = await watch.stop()
    holder.release()
    if (end.is !== 'served') throw new Fault(`${order.length} of ${waiters} refused`)
    const said = `${stallMs.toFixed(0)} ms`
    if (order.some((waiter, i) => waiter !== i)) throw new Fault(`out of order, stalls for ${said}`)
    if (stallMs > 50) throw new Fault(`stalls for ${said}`)
    return said
  },
}
