import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import type { Connect } from 'connpool'
import { SocksClient } from 'socks'
import { ProxyRefusal, type ProxyServer } from './proxy.ts'

/**
 * Dials through a SOCKS5 proxy, with the library `socks`. The proxy resolves the host name.
 *
 * An example of the option `connect`: it answers a socket that leads to the target, and ends what it
 * began when `signal` aborts.
 */
export function throughSocks(proxy: ProxyServer): Connect<Socket> {
  return async ({ signal, host = 'localhost', port = 0 }) => {
    // We dial the proxy, since `socks` knows no signal: aborted, it takes the socket and with it the rest.
    const socket = connect({ host: proxy.host, port: proxy.port, signal })
    socket.on('error', () => {})
    await once(socket, 'connect')
    await negotiate(socket, proxy, { host, port })
    await takeOver(socket)
    return socket
  }
}

/** @throws ProxyRefusal, and not what `socks` throws: that has the password in it. */
async function negotiate(
  socket: Socket,
  { host, port, username, password = '' }: ProxyServer,
  destination: { readonly host: string; readonly port: number },
): Promise<void> {
  const login = username === undefined ? {} : { userId: username, password }
  try {
    await SocksClient.createConnection({
      command: 'connect',
      proxy: { host, port, type: 5, ...login },
      destination,
      existing_socket: socket,
    })
  } catch (error) {
    const { message } = error as Error // It throws nothing else.
    throw new ProxyRefusal(`SOCKS proxy: ${message}`, /auth/i.test(message))
  }
}

/**
 * Gets the socket back as a new one. `socks` lets it flow in its next turn, and emits what the target
 * sent right away, though nobody may listen by then. With somebody who waits for `readable` it does
 * not flow.
 */
async function takeOver(socket: Socket): Promise<void> {
  const early: Buffer[] = []
  const keep = (bytes: Buffer) => early.push(bytes)
  const hold = () => {}
  socket.on('readable', hold).on('data', keep)
  await setImmediate()
  socket.off('data', keep).off('readable', hold)
  if (early.length > 0) socket.unshift(Buffer.concat(early))
}
