import { Backend } from '../backend.ts'
import { allServed, outcome } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

export const briefOutage: Row = {
  name: 'brief-outage',
  title: 'create() rejects at once for 100 ms: the loop runs on, all three who wait are served',
  async play(scene) {
    let up = false
    const backend = new Backend({
      dial: () => {
        if (!up) throw new Error('ECONNREFUSED')
      },
    })
    void scene.pause(100).then(() => {
      up = true
    })
    const pool = await scene.open(backend, { max: 2 })
    return allServed(await Promise.all([1, 2, 3].map(() => outcome(useOnce(pool)))))
  },
}
