import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Lease } from '../../src/index.ts'
import type { RudeServer } from '../../src/testing/index.ts'

/** The lent socket, which must have TLS. */
export function tlsOf(lease: Lease<Socket>): TLSSocket {
  assert.ok(lease.connection instanceof TLSSocket)
  return lease.connection
}

/** The server's end of its newest connection, which must have TLS. */
export function farEnd(server: RudeServer): TLSSocket {
  const socket = server.connections.at(-1)?.socket
  assert.ok(socket instanceof TLSSocket)
  return socket
}

/** What an echo server answers to `hello`. */
export async function ask(lease: Lease<Socket>): Promise<string> {
  lease.connection.write('hello')
  const [bytes] = await once(lease.connection, 'data', { signal: lease.signal })
  return String(bytes)
}
