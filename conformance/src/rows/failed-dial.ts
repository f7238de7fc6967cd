import { Backend } from '../backend.ts'
import { allServed, outcome } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

export const failedDial: Row = {
  name: 'failed-dial',
  title: 'one create() rejects: all three who wait are served by the next',
  async play(scene) {
    const backend = new Backend({
      dial: (nth) => {
        if (nth === 1) throw new Error('ECONNREFUSED')
      },
    })
    const pool = await scene.open(backend, { max: 2 })
    const ends = await Promise.all([1, 2, 3].map(() => outcome(useOnce(pool))))
    return allServed(ends)
  },
}
