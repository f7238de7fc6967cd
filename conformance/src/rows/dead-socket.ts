import type { Socket } from 'node:net'
import type { Contestant, Lease } from '../contestant.ts'
import { served, turns } from '../patience.ts'
import { ask } from '../peer.ts'
import type { Row } from '../row.ts'

export const deadSocket: Row = {
  name: 'dead-socket',
  title: 'the peer closes an idle socket: it is not lent',
  async play(scene) {
    const peer = await scene.startPeer()
    const { pool } = await scene.openSockets(peer)
    await askOnce(pool)
    await turns(10)
    peer.hangUp()
    await turns(10)
    const lease = await served(pool.acquire())
    await ask(lease.connection)
    lease.release()
    return ''
  },
}

export const deadSocketUnseen: Row = {
  name: 'dead-socket-unseen',
  title: 'the peer closes an idle socket while JavaScript blocks the loop: it is not lent',
  async play(scene) {
    const peer = await scene.startPeer()
    const { pool, price } = await scene.openSockets(peer)
    await askOnce(pool)
    await turns(10)
    const caller = await peer.dial()
    const acquired = new Promise<Lease<Socket>>((resolve, reject) => {
      caller.once('data', () => {
        peer.hangUp()
        pool.acquire().then(resolve, reject)
      })
    })
    caller.write('ping')
    const lease = await served(acquired)
    await ask(lease.connection)
    lease.release()
    caller.destroy()
    return price()
  },
}

/** Asks the peer, so that it has the connection as well, and gives back. */
async function askOnce(pool: Contestant<Socket>): Promise<void> {
  const lease = await served(pool.acquire())
  await ask(lease.connection)
  lease.release()
}
