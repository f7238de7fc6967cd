import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcome, served } from '../patience.ts'
import type { Row } from '../row.ts'

const borrowers = 100_000

export const releaseInCallback: Row = {
  name: 'release-in-callback',
  title: '100,000 wait, and each gives back within its callback: no stack overflow',
  alone: true,
  async play(scene) {
    const pool = await scene.open(new Backend())
    const holder = await served(pool.acquire())
    let count = 0
    const all = new Promise<void>((resolve) => {
      for (let i = 0; i < borrowers; i += 1) {
        pool.acquireThen((lease) => {
          lease.release()
          count += 1
          if (count === borrowers) resolve()
        })
      }
    })
    holder.release()
    const { is } = await outcome(all, 20_000)
    if (is !== 'served') throw new Fault(`${count} of ${borrowers} served`)
    return ''
  },
}
