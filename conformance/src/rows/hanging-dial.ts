import { Backend } from '../backend.ts'
import { outcome } from '../patience.ts'
import type { Row } from '../row.ts'
import { takeAll, useOnce } from '../scene.ts'

export const hangingDial: Row = {
  name: 'hanging-dial',
  title: 'the first create() never settles, max 1: a later acquire is served',
  async play(scene) {
    const backend = new Backend({
      dial: (nth) => (nth === 1 ? new Promise<void>(() => {}) : undefined),
    })
    const pool = await scene.open(backend, { stepTimeoutMs: 300, acquireTimeoutMs: 1_000 })
    await outcome(useOnce(pool))
    for (const lease of await takeAll(pool, 1)) lease.release()
    return ''
  },
}
