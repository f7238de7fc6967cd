import { createServer } from 'node:net'
import { listen } from './listen.ts'
import { offer, type Service } from './service.ts'

/** The process that sends back whatever it gets. */
async function startEcho(): Promise<Service> {
  let accepted = 0
  const server = createServer({ noDelay: true }, (socket) => {
    accepted += 1
    socket.on('data', (data) => socket.write(data))
    // A borrower that has ended may do so by a reset.
    socket.on('error', () => {})
  })
  return {
    port: await listen(server),
    begin: () => {
      accepted = 0
    },
    figures: () => ({ accepted }),
  }
}

await offer(startEcho())
