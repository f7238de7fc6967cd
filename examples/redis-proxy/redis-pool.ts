import { on } from 'node:events'
import type { Socket } from 'node:net'
import { createTcpPool, type Pool, type TcpPoolSettings } from 'connpool'
import { RespFramer } from './resp-framer.ts'

/** Where Redis is, and how the proxy logs in. */
export interface RedisOptions {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
}

/** What the proxy says of its own, and what Redis answers. */
const REPLIES = { AUTH: 'OK', PING: 'PONG', RESET: 'RESET' } as const

/** Connections to a Redis that are as new whenever they are lent. */
export function createRedisPool(redis: RedisOptions, options: TcpPoolSettings = {}): Pool<Socket> {
  const { host, port, username = 'default', password } = redis
  const login = password === undefined ? [] : ([['AUTH', username, password]] as const)
  return createTcpPool({
    host,
    port,
    ...options,
    // Redis is asked for something also where it wants no password: that it accepts says little.
    handshake: (socket, { signal }) => ask(socket, signal, ...login, ['PING']),
    probe: (socket, { signal }) => ask(socket, signal, ['PING']),
    // RESET ends a transaction, its WATCHes, RESP3, tracking, the name and the login, and selects database 0.
    reset: (socket, { signal }) => ask(socket, signal, ['RESET'], ...login),
    classify: (error) => {
      const { message } = error as Error // They are ours, or the system's.
      if (/-ERR max number of clients/.test(message)) return 'overload'
      if (/-(WRONGPASS|NOAUTH|NOPERM)/.test(message)) return 'config'
      return undefined
    },
  })
}

/**
 * Sends commands, and reads as many replies.
 * @throws Error when one is not what the command answers when all is well, by rejecting.
 */
async function ask(
  socket: Socket,
  signal: AbortSignal,
  ...commands: readonly (readonly [name: keyof typeof REPLIES, ...words: string[]])[]
): Promise<void> {
  const framer = new RespFramer()
  const awaited = commands.map(([name]) => REPLIES[name])
  socket.write(commands.map(encode).join(''))
  for await (const [bytes] of on(socket, 'data', { signal, close: ['end', 'close'] })) {
    for (const { type, text } of framer.feed(bytes)) {
      if (type !== '+' || text !== awaited.shift()) throw new Error(`Redis answered ${type}${text}`)
    }
    if (awaited.length > 0) continue
    if (!framer.isBetween) throw new Error('Redis answered more than it was asked')
    return
  }
  throw new Error('Redis hung up')
}

function encode(words: readonly string[]): string {
  return `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`
}
