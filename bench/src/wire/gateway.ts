import { createServer, type ServerResponse } from 'node:http'
import { listen } from './listen.ts'
import { offer, type Service } from './service.ts'
import { findUpstream } from './upstreams.ts'
import { measureUsage } from './usage.ts'

export interface GatewayFigures {
  readonly served: number
  /** Requests for which the server behind it had no answer. */
  readonly failed: number
  readonly cpuUs: number
  /** The most memory it ever had resident, in bytes. */
  readonly peakMemory: number
}

const noAnswer = Buffer.from('{"error":"no answer"}')

/** The gateway's process, `gateway.js UPSTREAM PORT MAX`: for each request it asks upstream and passes the reply on. */
async function startGateway(name = '', port = '', max = ''): Promise<Service> {
  const ask = await findUpstream(name).open({ port: Number(port), max: Number(max) })
  let served = 0
  let failed = 0
  let usage = measureUsage()
  const pass = async (response: ServerResponse): Promise<void> => {
    try {
      const body = await ask()
      served += 1
      send(response, 200, body)
    } catch {
      failed += 1
      send(response, 502, noAnswer)
    }
  }
  const server = createServer((_request, response) => void pass(response))
  server.keepAliveTimeout = 120_000
  const figures = (): GatewayFigures => {
    const { cpuUs } = usage()
    return { served, failed, cpuUs, peakMemory: process.resourceUsage().maxRSS * 1_024 }
  }
  return {
    port: await listen(server),
    begin: () => {
      served = 0
      failed = 0
      usage = measureUsage()
    },
    figures,
  }
}

function send(response: ServerResponse, status: number, body: Buffer): void {
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length })
  response.end(body)
}

await offer(startGateway(...process.argv.slice(2)))
