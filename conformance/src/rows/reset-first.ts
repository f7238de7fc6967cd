import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { served } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

export const resetFirst: Row = {
  name: 'reset-first',
  title: 'nobody is lent a connection before its reset is over, nor after one that failed',
  needs: 'reset',
  async play(scene) {
    let clean = true
    let fails = false
    const backend = new Backend({
      reset: async () => {
        clean = false
        await scene.pause(20)
        if (fails) throw new Error('cannot')
        clean = true
      },
    })
    const pool = await scene.open(backend)
    const first = await served(useOnce(pool))
    const second = await served(pool.acquire())
    if (!clean || second.connection !== first) throw new Fault('lends it unclean')
    fails = true
    second.release()
    const third = await served(pool.acquire())
    if (third.connection === first) throw new Fault('lends it after a failed reset')
    fails = false
    third.release()
    return ''
  },
}
