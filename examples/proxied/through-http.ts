import { request } from 'node:http'
import type { Socket } from 'node:net'
import type { Connect } from 'connpool'
import { hostAndPort, ProxyRefusal, type ProxyServer } from './proxy.ts'

/**
 * Dials through an HTTP proxy, by CONNECT. The proxy resolves the host name.
 *
 * An example of the option `connect`: it answers a socket that leads to the target, and ends what it
 * began when `signal` aborts.
 */
export function throughHttp(proxy: ProxyServer): Connect<Socket> {
  return ({ signal, host = 'localhost', port = 0 }) =>
    new Promise((resolve, reject) => {
      const target = hostAndPort(host, port)
      const asked = request({
        method: 'CONNECT',
        host: proxy.host,
        port: proxy.port,
        path: target,
        headers: { host: target, ...credentials(proxy) },
        agent: false,
        signal,
      })
      asked.on('error', reject)
      asked.on('connect', ({ statusCode = 0, statusMessage }, socket: Socket, head: Buffer) => {
        if (statusCode !== 200) {
          socket.destroy()
          const said = `the proxy answered ${statusCode} ${statusMessage} to CONNECT ${target}`
          reject(new ProxyRefusal(said, [401, 403, 407].includes(statusCode)))
          return
        }
        // What the target sent right away came together with the proxy's answer.
        if (head.length > 0) socket.unshift(head)
        resolve(socket)
      })
      asked.end()
    })
}

function credentials({ username, password = '' }: ProxyServer): Record<string, string> {
  if (username === undefined) return {}
  const encoded = Buffer.from(`${username}:${password}`).toString('base64')
  return { 'proxy-authorization': `Basic ${encoded}` }
}
