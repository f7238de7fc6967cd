import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { generate } from 'selfsigned'

const program = fileURLToPath(new URL('process.ts', import.meta.url))
const tsx = import.meta.resolve('tsx')

/** Where the ends are. */
export interface TunnelOptions {
  readonly servicePort: number
  /** The address of the gate. Default `127.0.0.1`. */
  readonly host?: string
  /** What the agent is started by, where it is on another machine, or as good as. Default: nothing. */
  readonly agentBy?: readonly string[]
}

/** Both ends as processes, with certificates made for the occasion. */
export class Tunnel {
  readonly publicPort: number
  readonly #folder: string
  readonly #agentBy: readonly string[]
  readonly #flags: readonly string[]
  readonly #processes = new Map<'gate' | 'agent', ChildProcess>()

  static async open(options: TunnelOptions): Promise<Tunnel> {
    const { servicePort, host = '127.0.0.1', agentBy = [] } = options
    const folder = mkdtempSync(join(tmpdir(), 'tunnel-'))
    await makeCertificates(folder, host)
    const [control = 0, tunnel = 0, publicPort = 0] = await freePorts(3)
    const flags = { control, tunnel, public: publicPort, service: servicePort }
    const words = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)])
    const opened = new Tunnel(folder, publicPort, agentBy, ['--host', host, ...words])
    await opened.start('gate')
    await opened.start('agent')
    return opened
  }

  private constructor(
    folder: string,
    publicPort: number,
    agentBy: readonly string[],
    flags: readonly string[],
  ) {
    this.#folder = folder
    this.publicPort = publicPort
    this.#agentBy = agentBy
    this.#flags = flags
  }

  /** Starts one end; resolves once it says that it stands. */
  async start(end: 'gate' | 'agent'): Promise<void> {
    const flags = [...this.#flags, '--certificates', join(this.#folder, end)]
    const node = [process.execPath, '--import', tsx, program, end, ...flags]
    const [command = '', ...words] = end === 'agent' ? [...this.#agentBy, ...node] : node
    const child = spawn(command, words, {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#processes.set(end, child)
    const ended = once(child, 'exit').then(([status]) => {
      throw new Error(`the ${end} ended with status ${status} before it stood`)
    })
    await Promise.race([once(child.stdout, 'data'), ended])
    ended.catch(() => {}) // From now on it may be killed.
  }

  /** Kills one end, without a word to the other. */
  async kill(end: 'gate' | 'agent'): Promise<void> {
    const child = this.#processes.get(end)
    this.#processes.delete(end)
    if (child === undefined || child.exitCode !== null) return
    const ended = once(child, 'exit')
    child.kill('SIGKILL')
    await ended
  }

  async close(): Promise<void> {
    await this.kill('agent')
    await this.kill('gate')
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const KIND = { keyType: 'ec', algorithm: 'sha256' } as const

async function makeCertificates(folder: string, host: string): Promise<void> {
  const authority = await generate([{ name: 'commonName', value: 'CA of the tunnel' }], {
    ...KIND,
    extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
  })
  for (const end of ['gate', 'agent'] as const) {
    const identity = await generate([{ name: 'commonName', value: end }], {
      ...KIND,
      ca: { cert: authority.cert, key: authority.private },
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: host }] }],
    })
    mkdirSync(join(folder, end))
    writeFileSync(join(folder, end, 'cert.pem'), identity.cert)
    writeFileSync(join(folder, end, 'key.pem'), identity.private, { mode: 0o600 })
    writeFileSync(join(folder, end, 'ca.pem'), authority.cert)
  }
}

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
