import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { served } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

export const failedProbe: Row = {
  name: 'failed-probe',
  title: 'a health check rejects, max 1: the waiter is served, no place is lost',
  needs: 'health check',
  async play(scene) {
    let failures = 0
    let sick = false
    const backend = new Backend({
      probe: async () => {
        if (!sick) return true
        sick = false
        failures += 1
        throw new Error('no answer')
      },
    })
    const pool = await scene.open(backend)
    await served(useOnce(pool))
    sick = true
    await served(useOnce(pool))
    if (failures === 0) throw new Fault('never asks')
    await served(useOnce(pool))
    return ''
  },
}
