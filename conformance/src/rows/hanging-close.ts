import { Backend } from '../backend.ts'
import { served } from '../patience.ts'
import type { Row } from '../row.ts'

export const hangingClose: Row = {
  name: 'hanging-close',
  title: 'a connection never finishes closing, max 1: who waits is served',
  async play(scene) {
    const backend = new Backend({ close: ({ id }) => (id === 1 ? new Promise(() => {}) : done) })
    const pool = await scene.open(backend, { stepTimeoutMs: 300 })
    const holder = await served(pool.acquire())
    const next = pool.acquire()
    holder.destroy()
    ;(await served(next)).release()
    return ''
  },
}

const done = Promise.resolve()
