import { createServer, type ServerResponse } from 'node:http'
import { listen } from './listen.ts'
import type { Actor } from './stage.ts'
import { errorName, Tally } from './tally.ts'
import type { Mode, Upstream, UpstreamConfig } from './upstream.ts'
import { measureUsage, peakMemory } from './usage.ts'

export interface GatewayConfig {
  readonly mode: Mode
  readonly apiPort: number
  readonly max: number
}

export interface GatewayFigures {
  readonly seconds: number
  readonly cpuUs: number
  readonly served: number
  /** Why requests to the API failed, by error code. */
  readonly failures: Readonly<Record<string, number>>
  /** For how many ms a request had a connection to the API for itself, on average. */
  readonly heldMs: number
  /** Connections to the API opened since the start, warm-up included. */
  readonly opened: number
  /** In bytes, since the start. */
  readonly peakMemory: number
}

const NO_ANSWER = Buffer.from('{"error":"the payment API did not answer"}')

/** The gateway: for every incoming request it asks the payment API and passes the reply on. */
export async function startGateway(config: GatewayConfig): Promise<Actor<GatewayFigures>> {
  const failures = new Tally()
  let served = 0
  let heldCount = 0
  let heldSum = 0
  let usage = measureUsage()

  const upstream = await openUpstream(config.mode, {
    port: config.apiPort,
    max: config.max,
    held: (ms) => {
      heldCount += 1
      heldSum += ms
    },
  })
  const pass = async (response: ServerResponse): Promise<void> => {
    try {
      const body = await upstream.ask()
      served += 1
      send(response, 200, body)
    } catch (error) {
      failures.add(errorName(error))
      send(response, 502, NO_ANSWER)
    }
  }
  const server = createServer((_request, response) => {
    void pass(response)
  })
  server.keepAliveTimeout = 65_000

  return {
    port: await listen(server),
    begin: () => {
      failures.clear()
      served = 0
      heldCount = 0
      heldSum = 0
      usage = measureUsage()
    },
    end: () => ({
      ...usage(),
      served,
      failures: failures.snapshot(),
      heldMs: heldCount === 0 ? 0 : heldSum / heldCount,
      opened: upstream.opened(),
      peakMemory: peakMemory(),
    }),
  }
}

function send(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
}

/** Loads no more than its mode needs: what the others would load is no part of its memory. */
async function openUpstream(mode: Mode, config: UpstreamConfig): Promise<Upstream> {
  switch (mode) {
    case 'new':
      return (await import('./http-upstream.ts')).newConnectionUpstream(config)
    case 'agent':
      return (await import('./http-upstream.ts')).agentUpstream(config)
    case 'connpool':
      return (await import('./pool-upstream.ts')).poolUpstream(config)
  }
  return mode satisfies never
}
