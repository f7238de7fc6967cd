import { once } from 'node:events'
import { served } from '../patience.ts'
import type { Row } from '../row.ts'

export const idleSockets: Row = {
  name: 'idle-sockets',
  title: 'a lent socket holds the process until its answer is there, an idle one lets it end',
  ends: 'by itself',
  async play(scene) {
    const { pool, price } = await scene.openSockets(await scene.startPeer())
    const lease = await served(pool.acquire())
    lease.connection.write('later')
    // Without a timer: only the socket can hold the process now.
    await once(lease.connection.resume(), 'data')
    lease.release()
    return price()
  },
}
