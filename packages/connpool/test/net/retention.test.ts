import assert from 'node:assert/strict'
import { AsyncLocalStorage } from 'node:async_hooks'
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { TcpPool } from '../../src/index.ts'
import { kinds } from '../support/kinds.ts'
import { turns } from '../support/turns.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => void = runInNewContext('gc')

const timeout = 20_000
/** Turns of the loop, each with a collection, after which a store that is still there is kept. */
const PATIENCE = 20

const request = new AsyncLocalStorage<object>()

type Socket = Duplex & { setTimeout?(ms: number, listener?: () => void): unknown }

/** What a request does with a connection. */
const uses: Record<string, (socket: Socket) => unknown> = {
  nothing: () => {},
  'a question': ask,
  'a listener that it leaves behind': async (socket) => {
    await ask(socket)
    socket.on('data', () => request.getStore())
  },
  'a write with a callback': async (socket) => {
    await new Promise((resolve) => socket.write('question', resolve))
    await once(socket, 'data')
  },
  'a timeout that it leaves behind': async (socket) => {
    socket.setTimeout?.(60_000, () => request.getStore())
    await ask(socket)
  },
  'a timeout that it takes off': async (socket) => {
    socket.setTimeout?.(60_000)
    await ask(socket)
    socket.setTimeout?.(0)
  },
}

/** How it comes by one, and gives it back. */
const ways: Record<string, (pool: TcpPool<Duplex>, use: (socket: Socket) => unknown) => unknown> = {
  'has it dialled': (pool, use) => pool.use(use),
  'takes an idle one': async (pool, use) => {
    const lease = pool.tryAcquire() ?? assert.fail()
    await use(lease.connection)
    lease.release()
  },
  'acquires one with a signal and a deadline': async (pool, use) => {
    const { signal } = new AbortController()
    const lease = await pool.acquire({ signal, timeoutMs: 60_000 })
    await use(lease.connection)
    assert.equal(lease.signal.aborted, false)
    lease.release()
  },
}

for (const kind of ['TCP socket', 'TLS socket']) {
  for (const [way, borrow] of Object.entries(ways)) {
    for (const [what, use] of Object.entries(uses)) {
      test(`nothing keeps the store of a request that ${way}, a ${kind}, for ${what}`, {
        timeout,
      }, async (t) => {
        const open = kinds[kind] ?? assert.fail()
        const { pool } = await open(t)
        if (way !== 'has it dialled') await pool.use(() => {})
        await turns(3) // What comes now is of the request, also the end of the turn.
        const store = await storeOf(() => borrow(pool, use))
        assert.equal(pool.stats().idle, 1)
        assert.equal(await isCollected(store), true)
        assert.equal(pool.stats().idle, 1)
      })
    }
  }
}

/** Acquires that end without a lease. */
const refusals: Record<string, (pool: TcpPool<Duplex>) => Promise<unknown>> = {
  'timed out': (pool) => assert.rejects(pool.acquire({ timeoutMs: 20 })),
  'was aborted': (pool) =>
    assert.rejects(pool.acquire({ signal: AbortSignal.timeout(20), timeoutMs: 60_000 })),
}

for (const [how, refused] of Object.entries(refusals)) {
  test(`nothing keeps the store of a request whose acquire ${how}`, { timeout }, async (t) => {
    const open = kinds['TCP socket'] ?? assert.fail()
    const { pool } = await open(t)
    const lease = await pool.acquire()
    await turns(3)
    const store = await storeOf(() => refused(pool))
    assert.equal(await isCollected(store), true)
    lease.release()
  })
}

/** Does it in a request with a store of its own, of which it answers a trace. */
async function storeOf(act: () => unknown): Promise<WeakRef<object>> {
  const store = {}
  await request.run(store, async () => {
    await act()
  })
  return new WeakRef(store)
}

async function isCollected(store: WeakRef<object>): Promise<boolean> {
  for (let turn = 0; turn < PATIENCE; turn++) {
    await turns(1)
    collectGarbage()
    if (store.deref() === undefined) return true
  }
  return false
}

async function ask(socket: Socket): Promise<void> {
  socket.write('question')
  await once(socket, 'data')
}
