import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'

/** A server that sends back whatever it receives. */
export interface EchoServer {
  readonly port: number
  /** Connections that it has accepted so far. */
  readonly accepted: number
  close(): Promise<void>
}

/** Starts one on loopback, on a port that is free. */
export async function startEchoServer(): Promise<EchoServer> {
  let accepted = 0
  const server = createServer((socket) => {
    accepted += 1
    socket.on('error', () => socket.destroy())
    socket.pipe(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    port,
    get accepted() {
      return accepted
    },
    close: async () => {
      server.close()
      await once(server, 'close')
    },
  }
}
