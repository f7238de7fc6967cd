import { createTcpPool } from 'connpool'
import { exchange } from './exchange.ts'
import { PATH, type Upstream, type UpstreamConfig } from './upstream.ts'

/** Connections lent by connpool, one HTTP/1.1 exchange a lease. */
export function poolUpstream({ port, max, held }: UpstreamConfig): Upstream {
  const pool = createTcpPool({ host: '127.0.0.1', port, max })
  const request = Buffer.from(`GET ${PATH} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`, 'latin1')

  const ask = async (): Promise<Buffer> => {
    const lease = await pool.acquire()
    const since = performance.now()
    try {
      const reply = await exchange(lease.connection, request)
      held(performance.now() - since)
      if (reply.closes) lease.destroy()
      else lease.release()
      return reply.body
    } catch (error) {
      lease.destroy(error)
      throw error
    }
  }
  return { ask, opened: () => pool.stats().opened }
}
