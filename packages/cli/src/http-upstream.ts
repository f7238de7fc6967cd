import { subscribe } from 'node:diagnostics_channel'
import { Agent, type IncomingMessage, request } from 'node:http'
import { PATH, type Upstream, type UpstreamConfig } from './upstream.ts'

/** `node:http` with a new connection for every request. */
export function newConnectionUpstream(config: UpstreamConfig): Upstream {
  return httpUpstream(config, false)
}

/** `node:http` with its own keep-alive Agent, of at most `max` connections. */
export function agentUpstream(config: UpstreamConfig): Upstream {
  const { max } = config
  return httpUpstream(config, new Agent({ keepAlive: true, maxSockets: max, maxFreeSockets: max }))
}

function httpUpstream({ port, held }: UpstreamConfig, agent: Agent | false): Upstream {
  let opened = 0
  subscribe('net.client.socket', () => {
    opened += 1
  })
  const options = { host: '127.0.0.1', port, path: PATH, agent }

  const ask = (): Promise<Buffer> =>
    new Promise((resolve, reject) => {
      let since = performance.now()
      const outgoing = request(options, (incoming) => {
        readBody(incoming, (body) => {
          held(performance.now() - since)
          resolve(body)
        })
        incoming.once('error', reject)
      })
      // Before this the request may have waited for a free connection of the Agent.
      if (agent !== false) {
        outgoing.once('socket', () => {
          since = performance.now()
        })
      }
      outgoing.once('error', reject)
      outgoing.end()
    })
  return { ask, opened: () => opened }
}

function readBody(incoming: IncomingMessage, done: (body: Buffer) => void): void {
  let body: Buffer | null = null
  incoming.on('data', (chunk: Buffer) => {
    body = body === null ? chunk : Buffer.concat([body, chunk])
  })
  incoming.once('end', () => done(body ?? Buffer.alloc(0)))
}
