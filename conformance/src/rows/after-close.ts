import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcome, outcomeAtOnce, served } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

export const afterClose: Row = {
  name: 'after-close',
  title: 'an acquire after close is refused at once',
  async play(scene) {
    const pool = await scene.open(new Backend(), { acquireTimeoutMs: 3_000 })
    await served(useOnce(pool))
    if ((await outcome(pool.close(0))).is !== 'served') throw new Fault('close() does not end')
    const late = pool.acquire()
    const { is } = await outcomeAtOnce(late)
    if (is === 'refused') return ''
    if (is === 'served') throw new Fault('opens again and lends')
    const end = await outcome(late)
    throw new Fault(end.is === 'refused' ? 'waits for its timeout' : `${end.is} after a while`)
  },
}
