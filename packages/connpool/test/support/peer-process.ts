import { writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'

// A server with an event loop of its own, for Peer: it echoes, and does to its connections what it
// is told, also while the process that tells it is blocked. Argument: the certificate of a TLS server.

/** What a peer can be told to do to all its connections, in the order in which they came. */
export type Deed =
  /** Sends a FIN. */
  | 'end'
  /** Sends an RST. */
  | 'reset'
  /** Sends bytes that nobody asked for. */
  | 'write'

/** What a peer is told: to say when it holds `count` connections, or to do something. */
export type Order = { readonly count: number } | { readonly deed: Deed; readonly mark: string }

const [identity] = process.argv.slice(2)
const sockets = new Set<Socket>()
let awaited = Infinity

const serve = (socket: Socket) => {
  sockets.add(socket)
  socket.on('data', (bytes) => socket.write(bytes))
  socket.on('error', () => {})
  socket.on('close', () => sockets.delete(socket))
  tellCount()
}

const server =
  identity === undefined ? createServer(serve) : createTlsServer(JSON.parse(identity), serve)

server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object') process.send?.({ port: address?.port })
})

process.on('message', async (order: Order) => {
  if ('count' in order) {
    awaited = order.count
    tellCount()
    return
  }
  for (const socket of sockets) await carryOut(order.deed, socket)
  writeFileSync(order.mark, '')
})
process.on('disconnect', () => process.exit())

function tellCount(): void {
  if (sockets.size < awaited) return
  awaited = Infinity
  process.send?.({ counted: sockets.size })
}

function carryOut(deed: Deed, socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    if (deed === 'end') socket.end(() => resolve())
    else if (deed === 'write') socket.write('late', () => resolve())
    else {
      socket.resetAndDestroy()
      socket.on('close', () => resolve())
    }
  })
}
