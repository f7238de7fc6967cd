import { requireProgram, skipWithout } from './missing.ts'
import { type Scope, ServerProcess } from './server-process.ts'

const COMMAND = 'redis-server'
const { REDIS_URL } = process.env

/** Where a Redis is, and how to log in. */
export interface RedisAddress {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
}

/** For tests that can share a Redis with others: the one that REDIS_URL names, or else one of their own. */
export const anyRedis = {
  skip: REDIS_URL === undefined && skipWithout(COMMAND, 'or REDIS_URL, which names one'),
  async find(scope: Scope): Promise<RedisAddress> {
    return REDIS_URL === undefined ? await start(scope) : addressIn(REDIS_URL)
  },
}

/** For tests that need a Redis of their own, to kill it or to look at its connections. */
export const ownRedis = { skip: skipWithout(COMMAND), start }

/** Starts a Redis that keeps nothing. One that is given a password asks for it. */
async function start(
  scope: Scope,
  { password }: { readonly password?: string } = {},
): Promise<ServerProcess> {
  const path = requireProgram(COMMAND)
  const settings = { bind: '127.0.0.1', save: '', appendonly: 'no', 'always-show-logo': 'no' }
  return await ServerProcess.start(scope, {
    name: COMMAND,
    command: (port, dir) => {
      const all = {
        ...settings,
        port,
        dir,
        ...(password !== undefined && { requirepass: password }),
      }
      return [path, ...Object.entries(all).flatMap(([key, value]) => [`--${key}`, String(value)])]
    },
    ready: /Ready to accept connections/,
  })
}

function addressIn(url: string): RedisAddress {
  const { hostname, port, username, password } = new URL(url)
  return {
    host: hostname,
    port: Number(port || 6379),
    ...(username !== '' && { username: decodeURIComponent(username) }),
    ...(password !== '' && { password: decodeURIComponent(password) }),
  }
}
