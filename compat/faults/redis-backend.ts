import { once } from 'node:events'
import type { Socket } from 'node:net'
import { ownRedis, type Scope, type ServerProcess } from '@connpool/real-servers'
import { createTcpPool, type Pool } from 'connpool'
import { askSocket } from './ask-socket.ts'
import { type Backend, CREATE_TIMEOUT_MS, MAX, PROBE_TIMEOUT_MS } from './backend.ts'
import { bystander } from './ledger.ts'
import { until } from './until.ts'

const LINE = /\r\n$/
const BULK = /^(-.*|\$\d+\r\n.*)\r\n$/s

/** Redis, in its own protocol on the sockets of a TCP pool: a PING as the handshake, and as the probe. */
export class RedisBackend implements Backend<Socket> {
  readonly version: string
  readonly #server: ServerProcess
  /** Has the only place while others are refused. */
  #watcher: Socket | undefined

  static async start(scope: Scope): Promise<RedisBackend> {
    const server = await ownRedis.start(scope)
    const socket = await watcherOf(server)
    const info = await askSocket(socket, 'INFO server\r\n', BULK)
    socket.destroy()
    return new RedisBackend(server, `Redis ${/redis_version:(\S+)/.exec(info)?.[1]}`)
  }

  private constructor(server: ServerProcess, version: string) {
    this.#server = server
    this.version = version
  }

  get port(): number {
    return this.#server.port
  }

  open(): Pool<Socket> {
    return createTcpPool({
      name: 'redis',
      host: '127.0.0.1',
      port: this.port,
      max: MAX,
      createTimeoutMs: CREATE_TIMEOUT_MS,
      handshake: ping,
      probe: ping,
      probeTimeoutMs: PROBE_TIMEOUT_MS,
      classify: (error) =>
        String(error).includes('max number of clients') ? 'overload' : undefined,
    })
  }

  async ask(socket: Socket, number: number): Promise<string> {
    const answer = await askSocket(socket, `ECHO ${number}\r\n`, BULK)
    return answer.split('\r\n')[1] ?? answer
  }

  kill(): Promise<void> {
    return this.#server.kill()
  }

  quit(): Promise<void> {
    return this.#server.quit()
  }

  start(): Promise<void> {
    return this.#server.start()
  }

  async freeze(): Promise<void> {
    this.#server.freeze()
  }

  async thaw(): Promise<void> {
    this.#server.thaw()
  }

  async refuse(): Promise<void> {
    this.#watcher = await watcherOf(this.#server)
    await askSocket(this.#watcher, 'CONFIG SET maxclients 1\r\n', LINE)
    await askSocket(this.#watcher, 'CLIENT KILL TYPE normal SKIPME yes\r\n', LINE)
  }

  async admit(): Promise<void> {
    if (this.#watcher === undefined) return
    await askSocket(this.#watcher, 'CONFIG SET maxclients 100\r\n', LINE)
    this.#watcher.destroy()
  }

  async count(expected: number): Promise<number> {
    const watcher = await watcherOf(this.#server)
    const count = await until(expected, async () => {
      const list = await askSocket(watcher, 'CLIENT LIST\r\n', BULK)
      return list.split('\n').filter((line) => /^id=.* name= /.test(line)).length
    })
    watcher.destroy()
    return count
  }
}

async function ping(socket: Socket): Promise<void> {
  const answer = await askSocket(socket, 'PING\r\n', LINE)
  if (answer !== '+PONG\r\n') throw new Error(answer.trim())
}

/** A connection of our own, known by its name. */
async function watcherOf({ port }: ServerProcess): Promise<Socket> {
  const socket = bystander().connect(port, '127.0.0.1')
  await once(socket, 'connect')
  await askSocket(socket, 'CLIENT SETNAME watcher\r\n', LINE)
  return socket
}
