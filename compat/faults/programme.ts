import { netNamespace, ownRedis, postgres, type Scope } from '@connpool/real-servers'
import type { Backend } from './backend.ts'
import type { Fault } from './fault.ts'
import { PlainBackend } from './plain-backend.ts'
import { PostgresBackend } from './postgres-backend.ts'
import { RedisBackend } from './redis-backend.ts'

export type ServerName = 'redis' | 'postgres' | 'plain'

/** A kind of server that faults are done to. */
export interface Server {
  readonly name: ServerName
  /** How it is pooled, for the table. */
  readonly pooled: string
  /** Why it cannot be started here. */
  readonly skip: string | false
  /** Plays with it what is given, in whatever type its connections are. */
  play<A>(scope: Scope, scene: <T>(backend: Backend<T>) => Promise<A>): Promise<A>
}

export const servers: readonly Server[] = [
  {
    name: 'redis',
    pooled: '`createTcpPool`, with `PING` as its handshake and its probe',
    skip: process.platform === 'win32' ? 'needs signals' : ownRedis.skip,
    play: async (scope, scene) => await scene(await RedisBackend.start(scope)),
  },
  {
    name: 'postgres',
    pooled: '`createPool` over the `Client` of `pg`',
    skip: process.platform === 'win32' ? 'needs signals' : postgres.skip,
    play: async (scope, scene) => await scene(await PostgresBackend.start(scope)),
  },
  {
    name: 'plain',
    pooled: '`createTcpPool` with neither a handshake nor a probe',
    skip: process.platform === 'win32' && 'needs signals',
    play: async (scope, scene) => await scene(await PlainBackend.start(scope)),
  },
]

/** @throws RangeError where there is none of that name. */
export function serverCalled(name: string): Server {
  const found = servers.find((server) => server.name === name)
  if (found === undefined) throw new RangeError(`no server is called '${name}'`)
  return found
}

/** Why that cannot be done to that server here. */
export function skipOf(server: Server, fault: Fault): string | false {
  return server.skip || (fault.apart === true && netNamespace.skip)
}
