import { randomBytes } from 'node:crypto'
import { createServer, type Server, type Socket, connect as tcp } from 'node:net'
import {
  type ConnectionOptions,
  createServer as createTlsServer,
  type TlsOptions,
  connect as tls,
} from 'node:tls'

// Both ends as the wire describes them, with nothing of the library: once TLS stands, if there is any, the
// server writes 8 bytes, the lower-case hexadecimal digits of 4 random ones; what follows is the users'.

/** A server that names whoever connects. */
export async function namingServer(
  tlsOptions: TlsOptions | null,
  met: (id: string, socket: Socket) => void,
): Promise<{ readonly port: number; close(): void }> {
  const welcome = (socket: Socket) => {
    const id = randomBytes(4).toString('hex')
    socket.on('error', () => {})
    socket.write(id)
    met(id, socket)
  }
  const server: Server =
    tlsOptions === null ? createServer(welcome) : createTlsServer(tlsOptions, welcome)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { port, close: () => server.close() }
}

/** A client that reads its id. */
export async function namedClient(
  port: number,
  tlsOptions: ConnectionOptions | null,
): Promise<{ readonly id: string; readonly socket: Socket }> {
  const socket = tlsOptions === null ? tcp(port, '127.0.0.1') : tls({ port, ...tlsOptions })
  socket.on('error', () => {})
  const id = await new Promise<string>((resolve, reject) => {
    let text = ''
    const take = () => {
      const bytes = socket.read(8 - text.length) ?? socket.read()
      if (bytes === null) return
      text += bytes.toString('latin1')
      if (text.length < 8) return take()
      socket.off('readable', take)
      resolve(text)
    }
    socket.on('readable', take)
    socket.on('close', () => reject(new Error('no id')))
  })
  return { id, socket }
}
