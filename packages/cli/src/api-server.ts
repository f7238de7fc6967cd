import { createServer, type ServerResponse } from 'node:http'
import { listen } from './listen.ts'
import type { Actor } from './stage.ts'
import { measureUsage } from './usage.ts'

export interface ApiConfig {
  /** Think time before each reply, in milliseconds. */
  readonly delayMs: number
}

export interface ApiFigures {
  readonly seconds: number
  readonly cpuUs: number
  readonly served: number
  /** Connections accepted since the start, warm-up included. */
  readonly accepted: number
  /** The most connections open at one time since the start. */
  readonly mostOpen: number
}

const PAYMENT = JSON.stringify({
  id: 'pay_000042',
  status: 'approved',
  amount: 1999,
  currency: 'EUR',
})

/** The mock payment API: one small JSON reply to whatever is asked, after its think time. */
export async function startApi({ delayMs }: ApiConfig): Promise<Actor<ApiFigures>> {
  let served = 0
  let accepted = 0
  let open = 0
  let mostOpen = 0
  let usage = measureUsage()

  const headers = {
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(PAYMENT)),
  }
  const reply = (response: ServerResponse): void => {
    served += 1
    response.writeHead(200, headers)
    response.end(PAYMENT)
  }
  const server = createServer((_request, response) => {
    if (delayMs === 0) reply(response)
    else setTimeout(reply, delayMs, response)
  })
  // Longer than any pause in a run, so that no keep-alive connection is closed under its user.
  server.keepAliveTimeout = 65_000
  server.on('connection', (socket) => {
    accepted += 1
    open += 1
    if (open > mostOpen) mostOpen = open
    socket.once('close', () => {
      open -= 1
    })
  })

  return {
    port: await listen(server),
    begin: () => {
      served = 0
      usage = measureUsage()
    },
    end: () => ({ ...usage(), served, accepted, mostOpen }),
  }
}
