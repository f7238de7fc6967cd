import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcome, served } from '../patience.ts'
import type { Row } from '../row.ts'

export const waiterAtClose: Row = {
  name: 'waiter-at-close',
  title:
    'close while one holds and one waits, then the holder gives back: the waiter hears of it, close ends',
  async play(scene) {
    const pool = await scene.open(new Backend())
    const holder = await served(pool.acquire())
    const waiting = outcome(pool.acquire().then((lease) => lease.release()))
    const closing = outcome(pool.close(1_000))
    holder.release()
    if ((await waiting).is === 'pending') throw new Fault('the waiter never hears')
    if ((await closing).is !== 'served') throw new Fault('close never ends')
    return ''
  },
}
