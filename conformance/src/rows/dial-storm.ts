import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { served } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

const max = 100

export const dialStorm: Row = {
  name: 'dial-storm',
  title: '1,000 acquires at once, max 100: few dials at a time (at most 25)',
  async play(scene) {
    const backend = new Backend({ dial: () => scene.pause(20) })
    const pool = await scene.open(backend, { max })
    const borrowers = Array.from({ length: 1_000 }, () => useOnce(pool))
    await served(Promise.all(borrowers), 15_000)
    if (backend.mostDials > max / 4) throw new Fault(`${backend.mostDials} dials at a time`)
    return `${backend.mostDials} at a time`
  },
}
