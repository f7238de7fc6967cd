import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { outcome, served } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

export const hangingProbe: Row = {
  name: 'hanging-probe',
  title: 'a health check never settles, max 1: the waiter is served, no place is lost',
  needs: 'health check',
  async play(scene) {
    let hung = 0
    let sick = false
    const backend = new Backend({
      probe: async () => {
        if (!sick) return true
        sick = false
        hung += 1
        return new Promise<never>(() => {})
      },
    })
    const pool = await scene.open(backend, { stepTimeoutMs: 300, acquireTimeoutMs: 4_000 })
    await served(useOnce(pool))
    sick = true
    const first = await outcome(useOnce(pool))
    if (hung === 0) throw new Fault('never asks')
    const second = await outcome(useOnce(pool))
    if (second.is !== 'served') throw new Fault('the place is lost')
    if (first.is !== 'served') throw new Fault('the waiter times out')
    return ''
  },
}
