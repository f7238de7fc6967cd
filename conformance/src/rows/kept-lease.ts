import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcome, served } from '../patience.ts'
import type { Row } from '../row.ts'

export const keptLease: Row = {
  name: 'kept-lease',
  title: 'close with 200 ms for holders, and one never gives back: it ends, with all closed',
  needs: 'time limit for close',
  async play(scene) {
    const backend = new Backend()
    const pool = await scene.open(backend)
    await served(pool.acquire())
    const { is } = await outcome(pool.close(200))
    if (is === 'pending') throw new Fault('never ends')
    if (backend.open.length > 0) throw new Fault('leaves it open')
    return ''
  },
}
