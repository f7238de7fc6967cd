import type { Socket } from 'node:net'
import { postgres, type Scope, type ServerProcess } from '@connpool/real-servers'
import { type CloseReason, createPool, type Pool } from 'connpool'
import { Client } from 'pg'
import { type Backend, CREATE_TIMEOUT_MS, MAX, PROBE_TIMEOUT_MS } from './backend.ts'
import { bystander, type Ledger } from './ledger.ts'
import { until } from './until.ts'

/** Of PostgreSQL's connections, those that others get while the superuser has one. */
const PLACES = MAX + 1
const RESERVED = 3
/** How long it may take to say goodbye. */
const GOODBYE_MS = 500

/** A client of pg, and the socket under it. */
export interface Session {
  readonly client: Client
  readonly socket: Socket
}

/** PostgreSQL, and a pool of clients of pg. */
export class PostgresBackend implements Backend<Session> {
  readonly version: string
  readonly #server: ServerProcess
  /** They have all places while the pool is refused, and the superuser stays that long. */
  readonly #neighbours: Client[] = []
  #admin: Client | undefined

  static async start(scope: Scope): Promise<PostgresBackend> {
    const server = await postgres.start(scope, {
      max_connections: PLACES + 1 + RESERVED,
      superuser_reserved_connections: RESERVED,
    })
    const version = await asSuperuser(server, async (admin) => {
      await admin.query('CREATE ROLE tenant LOGIN; CREATE ROLE neighbour LOGIN')
      const { rows } = await admin.query<{ server_version: string }>('SHOW server_version')
      return rows[0]?.server_version.split(' ')[0]
    })
    return new PostgresBackend(server, `PostgreSQL ${version}`)
  }

  private constructor(server: ServerProcess, version: string) {
    this.#server = server
    this.version = version
  }

  get port(): number {
    return this.#server.port
  }

  open(ledger: Ledger): Pool<Session> {
    return createPool<Session>({
      name: 'postgres',
      create: async ({ signal, died }) => {
        const socket = ledger.socket()
        const client = clientOf(this.#server, 'tenant', socket)
        client.on('error', died)
        client.on('end', () => died())
        const hangUp = () => socket.destroy()
        signal.addEventListener('abort', hangUp, { once: true })
        try {
          await client.connect()
        } catch (error) {
          socket.destroy()
          throw error
        } finally {
          signal.removeEventListener('abort', hangUp)
        }
        return { client, socket }
      },
      probe: ({ client }) => client.query('SELECT 1'),
      destroy,
      ref: ({ socket }) => socket.ref(),
      unref: ({ socket }) => socket.unref(),
      // too_many_connections
      classify: (error) => (codeOf(error) === '53300' ? 'overload' : undefined),
      max: MAX,
      createTimeoutMs: CREATE_TIMEOUT_MS,
      probeTimeoutMs: PROBE_TIMEOUT_MS,
    })
  }

  async ask({ client }: Session, number: number): Promise<string> {
    const { rows } = await client.query<{ answer: string }>('SELECT $1::text AS answer', [number])
    return String(rows[0]?.answer)
  }

  kill(): Promise<void> {
    return this.#server.kill()
  }

  /** The fast shutdown: the other one waits until every client has left. */
  quit(): Promise<void> {
    return this.#server.quit('SIGINT')
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

  /** Neighbours take all places. What the pool then hears is PostgreSQL's own "sorry, too many clients already". */
  async refuse(): Promise<void> {
    this.#admin = await superuserOf(this.#server)
    await this.#admin.query('ALTER ROLE tenant CONNECTION LIMIT 0')
    await this.#admin.query(`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'tenant'`)
    while (this.#neighbours.length < PLACES) await this.#seatNeighbour()
    await this.#admin.query('ALTER ROLE tenant CONNECTION LIMIT -1')
  }

  async admit(): Promise<void> {
    await this.#admin?.end()
    await Promise.all(this.#neighbours.splice(0).map((neighbour) => neighbour.end()))
    // A place falls free a moment after its client has left.
    while (this.#neighbours.length === 0) await this.#seatNeighbour()
    await this.#neighbours.pop()?.end()
  }

  async count(expected: number): Promise<number> {
    return await asSuperuser(this.#server, (admin) =>
      until(expected, async () => {
        const { rows } = await admin.query<{ count: number }>(`
          SELECT count(*)::int AS count FROM pg_stat_activity WHERE usename = 'tenant'`)
        return rows[0]?.count ?? Number.NaN
      }),
    )
  }

  async #seatNeighbour(): Promise<void> {
    const socket = bystander()
    const neighbour = clientOf(this.#server, 'neighbour', socket)
    neighbour.on('error', () => {})
    try {
      await neighbour.connect()
      this.#neighbours.push(neighbour)
    } catch (error) {
      socket.destroy()
      if (codeOf(error) !== '53300') throw error
    }
  }
}

function clientOf({ port }: ServerProcess, user: string, socket: Socket): Client {
  return new Client({ host: '127.0.0.1', port, user, database: 'postgres', stream: () => socket })
}

/** Where it is broken, or does not answer, there is no goodbye to be had: only the end of its socket frees its place. */
async function destroy({ client, socket }: Session, reason: CloseReason): Promise<void> {
  const broken = ['died', 'destroyed', 'probe', 'reset'].includes(reason)
  if (broken || socket.destroyed) return void socket.destroy()
  const timer = setTimeout(() => socket.destroy(), GOODBYE_MS)
  await client.end()
  clearTimeout(timer)
}

async function asSuperuser<A>(
  server: ServerProcess,
  act: (admin: Client) => Promise<A>,
): Promise<A> {
  const admin = await superuserOf(server)
  try {
    return await act(admin)
  } finally {
    await admin.end()
  }
}

async function superuserOf(server: ServerProcess): Promise<Client> {
  const admin = clientOf(server, 'postgres', bystander())
  admin.on('error', () => {})
  await admin.connect()
  return admin
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined
}
