import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { parseArgs } from 'node:util'
import { createTcpPool } from 'connpool'
import { classify, type ProxyServer } from './proxy.ts'
import { throughHttp } from './through-http.ts'
import { throughSocks } from './through-socks.ts'

const { values: flags } = parseArgs({
  options: {
    proxy: { type: 'string' },
    to: { type: 'string' },
    tls: { type: 'boolean', default: false },
  },
})

// Without flags: a web server and a proxy of our own, on the loopback.
const web = createServer((_request, response) => void response.end())
const ownProxy = createServer().on('connect', ({ url = '' }, client) => {
  const { hostname, port } = new URL(`tcp://${url}`)
  const server = connect(Number(port), hostname, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n')
    client.pipe(server).pipe(client)
  })
  server.on('error', () => client.destroy())
  client.on('error', () => server.destroy())
})
async function portOf(server: typeof web): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port // It listens on a port.
}
const proxyUrl = new URL(flags.proxy ?? `http://127.0.0.1:${await portOf(ownProxy)}`)
const target = new URL(`tcp://${flags.to ?? `127.0.0.1:${await portOf(web)}`}`)

const proxy: ProxyServer = {
  host: proxyUrl.hostname,
  port: Number(proxyUrl.port || 80),
  ...(proxyUrl.username !== '' && {
    username: decodeURIComponent(proxyUrl.username),
    password: decodeURIComponent(proxyUrl.password),
  }),
}
const pool = createTcpPool({
  host: target.hostname,
  port: Number(target.port),
  connect: proxyUrl.protocol === 'socks5:' ? throughSocks(proxy) : throughHttp(proxy),
  tls: flags.tls ? 'verify' : 'off',
  classify,
  max: 2,
})

try {
  for (let i = 1; i <= 4; i++) {
    const status = await pool.use(async (socket, lease) => {
      socket.write(`HEAD / HTTP/1.1\r\nhost: ${target.host}\r\n\r\n`)
      const [head] = await once(socket, 'data', { signal: lease.signal })
      return String(head).split('\r\n')[0]
    })
    console.log(`${i}: ${status}`)
  }
  const { opened, hits } = pool.stats()
  console.log(`${opened} opened through ${proxyUrl.protocol}//${proxyUrl.host}, ${hits} used again`)
} finally {
  await pool.close()
  web.close()
  ownProxy.close()
}
