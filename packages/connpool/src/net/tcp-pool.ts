import type { Socket } from 'node:net'
import { resolveSettings } from '../pool/options.ts'
import { Pool } from '../pool/pool.ts'
import type { Source } from '../pool/source.ts'
import { connectSocket } from './connector.ts'
import { readOptions, type TcpPoolOptions } from './tcp-options.ts'
import { socketCustody } from './vitals.ts'

/**
 * A pool of TCP connections, or of Unix domain sockets. Idle ones are watched: one that its peer
 * closed, or that received bytes nobody asked for, is replaced before anybody gets it.
 *
 * @throws InvalidOptionError
 * @example
 * ```ts
 * import { createTcpPool } from 'connpool'
 *
 * const pool = createTcpPool({ host: '127.0.0.1', port: 6379, max: 20 })
 * const reply = await pool.use(async (socket) => {
 *   socket.write('PING\r\n')
 *   for await (const bytes of socket.iterator({ destroyOnReturn: false })) return String(bytes)
 *   throw new Error('the server hung up')
 * })
 * console.log(reply)
 * await pool.close()
 * ```
 */
export function createTcpPool(options: TcpPoolOptions): Pool<Socket> {
  const { name, target, settings: given } = readOptions(options)
  const { probe, reset, classify, isFatal } = given
  const settings = resolveSettings(name, given, {
    probes: probe !== undefined,
    resets: reset !== undefined,
    dials: true,
  })
  const { now } = settings.clock
  const source: Source<Socket> = {
    create: (context) => connectSocket(target, given, context, now),
    destroy: (socket) => {
      socket.destroy()
    },
    ...(probe !== undefined && { probe }),
    ...(reset !== undefined && { reset }),
    ...(classify !== undefined && { classify }),
    ...(isFatal !== undefined && { isFatal }),
  }
  return new Pool<Socket>(source, settings, socketCustody)
}
