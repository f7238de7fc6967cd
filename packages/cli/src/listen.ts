import type { Server } from 'node:http'

/** Listens on a free port of loopback and answers which. Rejects when the server cannot listen. */
export function listen(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    // A thousand clients may dial within one turn of the loop: the kernel caps this to what it allows.
    server.listen({ host: '127.0.0.1', port: 0, backlog: 8192 }, () => {
      server.removeListener('error', reject)
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no port was given'))
      else resolve(address.port)
    })
  })
}
