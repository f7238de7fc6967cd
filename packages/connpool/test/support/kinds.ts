import { type Duplex, duplexPair } from 'node:stream'
import type { TestContext } from 'node:test'
import { createTcpPool, type TcpPool, type TcpPoolSettings } from '../../src/index.ts'
import { RudeServer } from '../../src/testing/index.ts'
import { type Identity, selfSigned } from './certificates.ts'

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
    const { server, far } = await serve()
    const { host, port } = server
    const pool = createTcpPool<Duplex>({ host, port, max: 1, ...settings })
    t.after(() => end(pool, () => server.close()))
    return { pool, far }
  },

  'TLS socket': async (t, settings = {}) => {
    const identity = await selfSigned()
    const { server, far } = await serve(identity)
    const { host, port } = server
    const tls = { ca: identity.cert }
    const pool = createTcpPool<Duplex>({ host, port, tls, max: 1, ...settings })
    t.after(() => end(pool, () => server.close()))
    return { pool, far }
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

/** A server that echoes, with TLS if it has an `identity`, and its end of the newest connection. */
async function serve(identity?: Identity): Promise<{ server: RudeServer; far: () => Duplex }> {
  const fars: Duplex[] = []
  const server = await RudeServer.start({
    ...(identity !== undefined && { tls: identity }),
    behaviour: ({ socket }) => fars.push(echo(socket)),
  })
  return { server, far: () => newest(fars) }
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
