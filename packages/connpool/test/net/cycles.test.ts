import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { finished, pipeline, Writable } from 'node:stream'
import { before, test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createTcpPool } from '../../src/index.ts'
import { RudeServer } from '../../src/testing/index.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const CYCLES = 10_000
/** From here on the code is warm, and memory is to stay as it is. */
const WARM = 2_000
const CONNECTIONS = 20

/**
 * Bytes by which the heap may grow in the 8,000 cycles that are compared: 48 a cycle. The least that a
 * cycle could leave is a listener: a function of 64 bytes, and its place in a list. What grows all the
 * same, by 100 kB or so, is code that Node compiles late.
 */
const GROWTH = 48 * (CYCLES - WARM)

/** Reads back the line that it sends, and leaves behind what its style leaves. */
const styles: Record<string, (socket: Socket) => unknown> = {
  "on('data')": (socket) =>
    new Promise((resolve) => {
      socket.on('data', function heed() {
        socket.off('data', heed)
        resolve(undefined)
      })
      socket.write('line\n')
    }),

  "on('data'), left there": (socket) =>
    new Promise((resolve) => {
      socket.on('data', resolve)
      socket.write('line\n')
    }),

  "once('data')": (socket) =>
    new Promise((resolve) => {
      socket.once('data', resolve)
      socket.write('line\n')
    }),

  "on('readable')": (socket) =>
    new Promise((resolve) => {
      socket.on('readable', function heed() {
        if (socket.read() === null) return
        socket.off('readable', heed)
        resolve(undefined)
      })
      socket.write('line\n')
    }),

  'for await': async (socket) => {
    socket.write('line\n')
    for await (const _ of socket.iterator({ destroyOnReturn: false })) break
  },

  'pipe and unpipe': async (socket) => {
    const sink = new Sink()
    socket.pipe(sink)
    socket.write('line\n')
    await once(sink, 'line')
    socket.unpipe(sink)
  },

  'pipe, left there': async (socket) => {
    const sink = new Sink()
    socket.pipe(sink)
    socket.write('line\n')
    await once(sink, 'line')
  },

  'pipeline, unpiped': async (socket) => {
    const sink = new Sink()
    pipeline(socket, sink, () => {})
    socket.write('line\n')
    await once(sink, 'line')
    socket.unpipe(sink)
  },

  'stream.finished, left there': async (socket) => {
    finished(socket, () => {})
    socket.write('line\n')
    await once(socket, 'data')
  },

  'a timeout with a listener': async (socket) => {
    socket.setTimeout(60_000, () => {})
    socket.write('line\n')
    await once(socket, 'data')
  },

  'events.once': async (socket) => {
    socket.write('line\n')
    await once(socket, 'data', { signal: AbortSignal.any([]) })
  },

  'a write with a callback': async (socket) => {
    const written = new Promise((resolve) => socket.write('line\n', resolve))
    await Promise.all([written, once(socket, 'data')])
  },

  readline: async (socket) => {
    const lines = createInterface({ input: socket })
    socket.write('line\n')
    await once(lines, 'line')
    lines.close()
  },
}

// What is compiled in the first cycles of all would be taken for growth in those of the first style.
before(async () => {
  await using server = await RudeServer.start()
  await using pool = createTcpPool({ host: '127.0.0.1', port: server.port })
  for (const use of Object.values(styles)) {
    for (let cycle = 0; cycle < 100; cycle++) await pool.use(use)
  }
})

for (const [style, use] of Object.entries(styles)) {
  test(`10,000 leases used by ${style} leave no listener, no warning and no memory`, {
    timeout: 60_000,
  }, async (t) => {
    await using server = await RudeServer.start()
    const warned: Error[] = []
    const hear = (warning: Error) => warned.push(warning)
    process.on('warning', hear)
    t.after(() => process.off('warning', hear))
    const pool = openPool(t, { port: server.port, max: CONNECTIONS, maxConnecting: CONNECTIONS })
    const sockets = new Map<Socket, Record<string, unknown[]>>()
    const leases = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.acquire()))
    for (const { connection } of leases) sockets.set(connection, listeners(connection))
    for (const lease of leases) lease.release()
    const cycle = async (count: number) => {
      for (let left = count; left > 0; left--) await pool.use(use)
    }
    const cycles = (count: number) =>
      Promise.all(Array.from({ length: CONNECTIONS }, () => cycle(count / CONNECTIONS)))

    await cycles(WARM)
    const warm = await heapUsed()
    await cycles(CYCLES - WARM)
    const grown = (await heapUsed()) - warm
    assert.ok(grown < GROWTH, `the heap grew by ${grown} bytes`)
    assert.equal(pool.stats().opened, CONNECTIONS)
    assert.equal(pool.stats().hits, CYCLES)
    assert.deepEqual(warned, [])
    await turns(3)
    const leased = await Promise.all(Array.from({ length: CONNECTIONS }, () => pool.acquire()))
    for (const { connection } of leased) {
      assert.deepEqual(listeners(connection), sockets.get(connection))
    }
    for (const lease of leased) lease.release()
  })
}

/** Tells when a line has come. */
class Sink extends Writable {
  override _write(_bytes: Buffer, _encoding: BufferEncoding, done: () => void): void {
    done()
    this.emit('line')
  }
}

/** What is in use once all is collected that can be: some of it only after another turn. */
async function heapUsed(): Promise<number> {
  for (let turn = 0; turn < 3; turn++) {
    await turns(2)
    collectGarbage()
  }
  return process.memoryUsage().heapUsed
}

/** All listeners of a socket as they are, by name. */
function listeners(socket: Socket): Record<string, unknown[]> {
  const names = socket.eventNames()
  return Object.fromEntries(names.map((name) => [String(name), socket.rawListeners(name)]))
}
