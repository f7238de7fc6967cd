import { closeSync, openSync } from 'node:fs'
import { Duplex } from 'node:stream'
import { createTcpPool } from '../../src/index.ts'

// A process of its own for each scene: what does a pool hold open? Arguments: the scene and a port.
// What it prints tells how far it came; it must end by itself, or be ended.

const [scene, port] = process.argv.slice(2)
const pool = createTcpPool({
  host: scene === 'filesByName' ? 'localhost' : '127.0.0.1',
  family: scene === 'filesByName' ? 4 : 0,
  port: Number(port),
  createTimeoutMs: scene === 'abandoned' ? 300 : 1_000_000,
  // One dial: a file that something else closes meanwhile would let a second one succeed.
  backoff: { initialMs: 500, jitter: 0 },
  ...(scene === 'wrapped' && {
    handshake: (socket) => Duplex.from({ readable: socket, writable: socket }),
  }),
  ...(scene === 'shaking' && { handshake: () => new Promise(() => say('shaking')) }),
})
const say = (what: string) => process.stdout.write(`${what}\n`)
process.on('exit', (code) => say(`exit ${code}`))

const scenes: Record<string, () => Promise<void>> = {
  /** Idle connections hold nothing. */
  async idle() {
    const leases = await Promise.all([pool.acquire(), pool.acquire()])
    for (const lease of leases) lease.release()
    say('idle')
  },

  /** Nor do those that the pool keeps for `min`. */
  async min() {
    pool.resize({ min: 2 })
    await pool.ready()
    say('ready')
  },

  /** A handshake whose waiter left holds nothing. */
  async shaking() {
    await pool.acquire({ timeoutMs: 50 }).catch((error) => say(error.code))
    say(`connecting ${pool.stats().connecting}`)
  },

  /** A dial whose waiter left holds the process no longer than createTimeoutMs: Node holds it. */
  async abandoned() {
    const controller = new AbortController()
    const waiting = pool.acquire({ signal: controller.signal }).catch(() => say('aborted'))
    setImmediate(() => controller.abort(new Error('enough')))
    await waiting
    say(`connecting ${pool.stats().connecting}`)
  },

  /** A dial that somebody waits for holds the process. */
  async awaited() {
    say('waiting')
    await pool.acquire({ timeoutMs: 400 }).catch((error) => say(error.code))
    process.exit()
  },

  /** No file descriptor is left: that is nobody else's fault, and passes by itself. */
  files: withoutFiles,
  /** Nor can a name be resolved then. */
  filesByName: withoutFiles,

  /** A lent connection holds the process, as a socket does. */
  lent,
  /** So does a stream that a handshake put around it. */
  wrapped: lent,

  /** And one that was idle for a while before it was lent. */
  async relent() {
    const first = await pool.acquire()
    first.release()
    for (let i = 0; i < 3; i++) await new Promise(setImmediate)
    const lease = await pool.acquire()
    lease.connection.on('end', () => say('end')).resume()
    say('lent')
  },
}

async function lent(): Promise<void> {
  const lease = await pool.acquire()
  lease.connection.on('end', () => say('end')).resume()
  say('lent')
}

/** All that the system gives. */
function takeFiles(files: number[]): void {
  try {
    for (;;) files.push(openSync('/dev/null', 'r'))
  } catch {}
}

async function withoutFiles(): Promise<void> {
  const files: number[] = []
  // Whatever loaded this file may still be closing some of its own.
  for (let turn = 0; turn < 100; turn++) {
    takeFiles(files)
    await new Promise(setImmediate)
  }
  await pool.acquire({ timeoutMs: 50 }).catch((error) => say(`${error.code} ${error.cause?.code}`))
  say(`local ${pool.stats().connectFailures.local > 0}`)
  for (const file of files) closeSync(file)
  const lease = await pool.acquire()
  say(`connected ${lease.info.id}`)
  process.exit()
}

await scenes[scene ?? '']?.()
