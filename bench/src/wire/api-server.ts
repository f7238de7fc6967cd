import { createServer } from 'node:http'
import { listen } from './listen.ts'
import { offer, type Service } from './service.ts'

/** What the server behind the gateway saw since it began, in its warm-up too. */
export interface ApiFigures {
  readonly accepted: number
  /** The most connections open at one time. */
  readonly mostOpen: number
}

const body = JSON.stringify({ id: 'pay_000042', status: 'approved', amount: 1999, currency: 'EUR' })

/** The process behind the gateway: one small JSON reply to whatever is asked. */
async function startApi(): Promise<Service> {
  let accepted = 0
  let open = 0
  let mostOpen = 0
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  const server = createServer((_request, response) => {
    response.writeHead(200, headers)
    response.end(body)
  })
  // Longer than any trial, so that no connection is closed under its user.
  server.keepAliveTimeout = 120_000
  server.on('connection', (socket) => {
    accepted += 1
    open += 1
    mostOpen = Math.max(mostOpen, open)
    socket.once('close', () => {
      open -= 1
    })
  })
  const figures = (): ApiFigures => ({ accepted, mostOpen })
  return { port: await listen(server), begin: () => {}, figures }
}

await offer(startApi())
