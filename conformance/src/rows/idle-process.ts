import { Backend } from '../backend.ts'
import { served } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

export const idleProcess: Row = {
  name: 'idle-process',
  title: 'the last user is gone, min 1: the timers of an idle pool let the process end',
  ends: 'by itself',
  async play(scene) {
    const pool = await scene.open(new Backend(), { min: 1, max: 2 })
    await served(useOnce(pool))
    return ''
  },
}
