import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcomeAtOnce, served } from '../patience.ts'
import type { Row } from '../row.ts'

export const releasedTwice: Row = {
  name: 'released-twice',
  title:
    'a lease is released again while the next borrower holds the connection: it is not lent to two',
  async play(scene) {
    const pool = await scene.open(new Backend())
    const first = await served(pool.acquire())
    first.release()
    const second = await served(pool.acquire())
    try {
      first.release()
    } catch {
      // Says so: good.
    }
    const third = pool.acquire()
    if ((await outcomeAtOnce(third)).is === 'served') throw new Fault('lent to two')
    second.release()
    ;(await served(third)).release()
    return ''
  },
}
