import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcome } from '../patience.ts'
import type { Row } from '../row.ts'

export const slowDial: Row = {
  name: 'slow-dial',
  title: 'acquire timeout 500 ms, the dial takes 5 s: refused before the dial is over',
  async play(scene) {
    let over = false
    const backend = new Backend({
      dial: async () => {
        await scene.pause(5_000)
        over = true
      },
    })
    const pool = await scene.open(backend, { acquireTimeoutMs: 500 })
    const { is } = await outcome(pool.acquire(), 10_000)
    if (is !== 'refused' || over) throw new Fault(`${is} after the dial`)
    return ''
  },
}
