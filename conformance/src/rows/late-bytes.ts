import { Fault } from '../fault.ts'
import { served, turns } from '../patience.ts'
import { ask } from '../peer.ts'
import type { Row } from '../row.ts'

export const lateBytes: Row = {
  name: 'late-bytes',
  title: 'an answer comes after its borrower left: the next one does not read it',
  async play(scene) {
    const peer = await scene.startPeer()
    const { pool, price } = await scene.openSockets(peer)
    const first = await served(pool.acquire())
    const sent = peer.answeredLate()
    first.connection.write('later')
    first.release()
    await sent
    await turns(10)
    const second = await served(pool.acquire())
    const answer = await ask(second.connection)
    if (answer !== 'pong') throw new Fault('the next one reads it')
    second.release()
    return price()
  },
}
