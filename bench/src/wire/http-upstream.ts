import { Agent, type IncomingMessage, request } from 'node:http'
import { Fault } from '../fault.ts'
import { type Ask, path, type UpstreamTerms } from './ask.ts'

/** `node:http` with its own keep-alive Agent. */
export async function openHttpAgent({ port, max }: UpstreamTerms): Promise<Ask> {
  return askThrough(new Agent({ keepAlive: true, maxSockets: max, maxFreeSockets: max }), port)
}

/** `node:http`'s client with whatever Agent. */
export function askThrough(agent: Agent, port: number): Ask {
  const options = { host: '127.0.0.1', port, path, agent }
  return () =>
    new Promise((resolve, reject) => {
      const outgoing = request(options, (incoming) => readBody(incoming, resolve, reject))
      outgoing.once('error', reject)
      outgoing.end()
    })
}

function readBody(
  incoming: IncomingMessage,
  resolve: (body: Buffer) => void,
  reject: (error: Error) => void,
): void {
  let body: Buffer | null = null
  incoming.on('data', (chunk: Buffer) => {
    body = body === null ? chunk : Buffer.concat([body, chunk])
  })
  incoming.once('end', () => {
    if (incoming.statusCode === 200) resolve(body ?? Buffer.alloc(0))
    else reject(new Fault(`the reply has the status ${incoming.statusCode}`))
  })
  incoming.once('error', reject)
}
