import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { load } from './load.ts'
import { Tunnel } from './tunnel.ts'

// A service that listens on the loopback alone, reached through the gate; and what the detour costs.

const service = createServer((_request, response) => void response.end('hello from behind'))
service.listen(0, '127.0.0.1')
await once(service, 'listening')
const { port } = service.address() as AddressInfo // It listens on a port.
const tunnel = await Tunnel.open({ servicePort: port })

try {
  console.log(await load('direct', port))
  console.log(await load('through the tunnel', tunnel.publicPort))
  for (const end of ['agent', 'gate'] as const) {
    const under = load(`${end} killed`, tunnel.publicPort)
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    await tunnel.kill(end)
    await tunnel.start(end)
    console.log(await under)
  }
} finally {
  await tunnel.close()
  service.close()
}
