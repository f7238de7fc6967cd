import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { netNamespace } from '@connpool/real-servers'
import {
  createTcpPool,
  type PoolEvent,
  type TcpPool,
  type TcpPoolSettings,
} from '../../src/index.ts'
import { RudeServer } from '../../src/testing/index.ts'
import type { Scenes } from './net-namespace.ts'
import { next } from './next.ts'

// What happens where packets vanish or ports run out, for black-hole.test.ts. Each scene is alone in a
// network namespace, and its process ends with it: nothing has to be put back or closed.

/** Uncapped, the fourth delay would be 10 s. */
const backoff = { initialMs: 10, factor: 10, maxMs: 100, jitter: 0, failFastAfter: Infinity }

/** A pool of a server that echoes. */
async function place(settings: TcpPoolSettings = {}, listenOn = 0) {
  const server = await RudeServer.start({ port: listenOn })
  const { port } = server
  const pool = createTcpPool({ name: 'hole', host: '127.0.0.1', port, backoff, ...settings })
  return { port, pool }
}

/** Opens connections that are idle then. */
async function park(pool: TcpPool, count: number): Promise<void> {
  const leases = await Promise.all(Array.from({ length: count }, () => pool.acquire()))
  for (const lease of leases) lease.release()
}

/** Has the server echo something. */
async function ask(socket: Socket, signal: AbortSignal): Promise<string> {
  socket.write('?')
  const [bytes] = await once(socket, 'data', { signal })
  return String(bytes)
}

/** How an acquire is refused, and after how long. */
async function refusal(pool: TcpPool, timeoutMs: number) {
  const begun = performance.now()
  const error = await pool.acquire({ timeoutMs }).then(
    () => undefined,
    (error) => error,
  )
  return {
    code: error?.code,
    cause: { code: error?.cause?.code, message: String(error?.cause?.message) },
    tookMs: performance.now() - begun,
  }
}

/** How long after `mend` somebody who waits by then is served. */
async function recovery(pool: TcpPool, mend: () => void): Promise<number> {
  const served = pool.acquire({ timeoutMs: Infinity })
  const begun = performance.now()
  mend()
  const lease = await served
  const tookMs = performance.now() - begun
  lease.release()
  return tookMs
}

export const scenes = {
  async dials() {
    const { port, pool } = await place({ connectTimeoutMs: 200 })
    const lift = netNamespace.swallow(port)
    const refused = await refusal(pool, 2_000)
    const { connectFailures, unavailable } = pool.stats()
    const recoveryMs = await recovery(pool, lift)
    return { port, refused, failed: connectFailures.backend, unavailable, recoveryMs }
  },

  async wholeDials() {
    const { port, pool } = await place({ createTimeoutMs: 200 })
    netNamespace.swallow(port)
    return { port, refused: await refusal(pool, 1_000) }
  },

  async failFast() {
    const { port, pool } = await place({
      connectTimeoutMs: 200,
      backoff: { initialMs: 5_000, jitter: 0, failFastAfter: 1 },
    })
    netNamespace.swallow(port)
    return { first: await refusal(pool, 10_000), second: await refusal(pool, 10_000) }
  },

  async probes() {
    const { port, pool } = await place({
      connectTimeoutMs: 200,
      probe: (socket, { signal }) => ask(socket, signal),
      probeAfterIdleMs: 0,
      probeTimeoutMs: 200,
    })
    await park(pool, 3)
    const lift = netNamespace.swallow(port)
    const refused = await refusal(pool, 1_500)
    const { closed, probeFailures } = pool.stats()
    const recoveryMs = await recovery(pool, lift)
    return { port, refused, condemned: closed.probe, probeFailures, recoveryMs }
  },

  async background() {
    const { port, pool } = await place({
      probe: (socket, { signal }) => ask(socket, signal),
      probeEveryMs: 100,
      probeTimeoutMs: 200,
    })
    await park(pool, 1)
    netNamespace.swallow(port)
    const closed = await next(pool, 'close')
    return { reason: closed.reason, acquires: pool.stats().acquires }
  },

  async leases() {
    const { port, pool } = await place()
    await park(pool, 2)
    const lent = await pool.acquire()
    const lift = netNamespace.swallow(port)
    const relent = await pool.acquire()
    const { hits } = pool.stats()
    const ends: string[] = []
    for (const lease of [lent, relent]) {
      const asked = ask(lease.connection, AbortSignal.timeout(200))
      const error = await asked.catch((error) => error.cause)
      ends.push(`${error.name} ${lease.signal.aborted}`)
      lease.destroy()
    }
    const { closed, open } = pool.stats()
    const recoveryMs = await recovery(pool, lift)
    return { hits, ends, destroyed: closed.destroyed, open, recoveryMs }
  },

  async closing() {
    const { port, pool: idle } = await place()
    const dialling = createTcpPool({ host: '127.0.0.1', port })
    await park(idle, 2)
    netNamespace.swallow(port)
    const refused = refusal(dialling, Infinity)
    const begun = performance.now()
    await Promise.all([idle.close(), dialling.close()])
    return { tookMs: performance.now() - begun, refused: await refused }
  },

  async keepAlive() {
    // Node 24 and newer; older ones ask ten times.
    const keepAlive = { delayMs: 1_000, intervalMs: 1_000, count: 1 }
    const { port, pool } = await place({ keepAlive })
    await park(pool, 2)
    const lent = await pool.acquire()
    const ends: PoolEvent[] = []
    pool.on('close', (event) => ends.push(event))
    const aborted = once(lent.signal, 'abort')
    netNamespace.swallow(port)
    await aborted
    while (ends.length < 2) await next(pool, 'close')
    const { cause } = lent.signal.reason
    return { cause: cause?.code, reasons: ends.map(({ reason }) => reason) }
  },

  async ports() {
    // Two ports to dial from; the server's is none of them.
    writeFileSync('/proc/sys/net/ipv4/ip_local_port_range', '40000 40001')
    const { port, pool } = await place({}, 50_000)
    const others = [connect(port, '127.0.0.1'), connect(port, '127.0.0.1')]
    await Promise.all(others.map((other) => once(other, 'connect')))
    const refused = await refusal(pool, 500)
    const { connectFailures, unavailable } = pool.stats()
    // Ended in another way, its port would be kept for a minute.
    const recoveryMs = await recovery(pool, () => others[0]?.resetAndDestroy())
    const { local, backend } = connectFailures
    return { refused, local, backend, unavailable, recoveryMs }
  },
} satisfies Scenes
