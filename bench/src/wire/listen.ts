import { once } from 'node:events'
import type { Server } from 'node:net'
import { Fault } from '../fault.ts'

/** Listens on a free port of loopback and answers which. */
export async function listen(server: Server): Promise<number> {
  // A thousand may dial within one turn of the loop: the kernel caps this to what it allows.
  server.listen({ host: '127.0.0.1', port: 0, backlog: 8_192 })
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Fault('no port was given')
  return address.port
}
