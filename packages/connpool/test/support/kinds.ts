import { once } from 'node:events'
import type { Server } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import type { TestContext } from 'node:test'
import { createServer, connect as tlsConnect } from 'node:tls'
import { createTcpPool, type TcpPool, type TcpPoolSettings } from '../../src/index.ts'
import { selfSigned } from './certificates.ts'
import { TcpServer } from './tcp-server.ts'

/** A pool of one connection, and the far end of it, which echoes. */
export interface Pair {
  readonly pool: TcpPool<Duplex>
  /** The far end of the newest connection. */
  readonly far: () => Duplex
}

type Open = (t: TestContext, settings?: TcpPoolSettings<Duplex>) => Promise<Pair>

/** Whatever a TCP pool lends. */
export const kinds: Readonly<Record<string, Open>> = {
  'TCP socket': async (t, settings = {}) => {
    const server = await TcpServer.start()
    const pool = createTcpPool<Duplex>({
      port: server.port,
      host: '127.0.0.1',
      max: 1,
      ...settings,
    })
    t.after(() => end(pool, () => server[Symbol.asyncDispose]()))
    return { pool, far: () => server.socket }
  },

  'TLS socket': async (t, settings = {}) => {
    const fars: Duplex[] = []
    const server = createServer(await selfSigned(), (socket) => {
      fars.push(echo(socket))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const port = portOf(server)
    const pool = createTcpPool<Duplex>({
      connect: async () => {
        const socket = tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false })
        await once(socket, 'secureConnect')
        return socket
      },
      max: 1,
      ...settings,
    })
    t.after(() =>
      end(pool, async () => {
        for (const far of fars) far.destroy()
        server.close()
        await once(server, 'close')
      }),
    )
    return { pool, far: () => newest(fars) }
  },

  Duplex: async (t, settings = {}) => {
    const fars: Duplex[] = []
    const pool = createTcpPool<Duplex>({
      connect: () => {
        const [near, far] = duplexPair()
        fars.push(echo(far))
        return near
      },
      max: 1,
      ...settings,
    })
    t.after(() => end(pool, async () => {}))
    return { pool, far: () => newest(fars) }
  },
}

function echo(stream: Duplex): Duplex {
  stream.on('data', (bytes) => stream.write(bytes))
  stream.on('error', () => {})
  return stream
}

async function end(pool: TcpPool<Duplex>, close: () => Promise<void>): Promise<void> {
  await pool.close({ graceMs: 0 }).catch(() => {})
  await close()
}

function newest(fars: readonly Duplex[]): Duplex {
  const far = fars.at(-1)
  if (far === undefined) throw new Error('there is no connection')
  return far
}

function portOf(server: Server): number {
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('listens on no port')
  return address.port
}
