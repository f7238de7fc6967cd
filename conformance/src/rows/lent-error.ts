import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { served, turns } from '../patience.ts'
import type { Row } from '../row.ts'
import { useOnce } from '../scene.ts'

export const lentError: Row = {
  name: 'lent-error',
  title: 'a lent connection emits an error, and nobody listens: the process lives',
  async play(scene) {
    const pool = await scene.open(new Backend(), { heard: false })
    const lease = await served(pool.acquire())
    // As a socket does: from the event loop, where nobody catches what is thrown.
    setImmediate(() => lease.connection.destroy(new Error('ECONNRESET')))
    await turns(10)
    lease.destroy()
    if ((await served(useOnce(pool))).destroyed) throw new Fault('lends the dead one')
    return scene.entrant.duty
  },
}
