import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcome, turns } from '../patience.ts'
import type { Row } from '../row.ts'
import { takeAll, useOnce } from '../scene.ts'

export const minRestored: Row = {
  name: 'min-restored',
  title: 'min 3, all three die while idle: three stand again, with a borrower now and then',
  async play(scene) {
    const backend = new Backend()
    const pool = await scene.open(backend, { min: 3, max: 5 })
    for (const lease of await takeAll(pool, 3)) lease.release()
    await turns(10)
    for (const connection of backend.open) connection.destroy()
    for (let visit = 0; visit < 40; visit += 1) {
      await outcome(useOnce(pool))
      await scene.pause(50)
      if (backend.open.length >= 3) return ''
    }
    throw new Fault(`${backend.open.length} of 3 stand after 2 s`)
  },
}
