import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { served } from '../patience.ts'
import type { Row } from '../row.ts'
import { takeAll, useOnce } from '../scene.ts'

export const closingCounted: Row = {
  name: 'closing-counted',
  title: 'max 2, and closing takes 100 ms: the server never sees more than two',
  async play(scene) {
    const backend = new Backend({ close: () => scene.pause(100) })
    const pool = await scene.open(backend, { max: 2 })
    const leases = await takeAll(pool, 2)
    const waiting = useOnce(pool)
    for (const lease of leases) lease.destroy()
    await served(Promise.all([waiting, useOnce(pool)]))
    if (backend.mostOpen > 2) throw new Fault(`${backend.mostOpen} open at a time`)
    return ''
  },
}
