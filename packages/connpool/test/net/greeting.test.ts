import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type Duplex, PassThrough } from 'node:stream'
import { type TestContext, test } from 'node:test'
import type { TcpPool, TcpPoolSettings } from '../../src/index.ts'
import { kinds } from '../support/kinds.ts'
import { next } from '../support/next.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

/** How a borrower reads a greeting that is there already. */
const styles: Record<string, (socket: Duplex) => Promise<string>> = {
  "on('data')": async (socket) => String(await once(socket, 'data')),
  read: async (socket) => String(socket.read()),
  "on('readable')": async (socket) => {
    await once(socket, 'readable')
    return String(socket.read())
  },
  'for await': async (socket) => {
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) return String(bytes)
    return 'nothing'
  },
  pipe: async (socket) => {
    const sink = socket.pipe(new PassThrough())
    const [bytes] = await once(sink, 'data')
    socket.unpipe(sink)
    return String(bytes)
  },
}

for (const [kind, open] of Object.entries(kinds)) {
  const greeted = async (t: TestContext, settings: TcpPoolSettings<Duplex> = {}) => {
    const pair = await open(t, { serverSpeaksFirst: true, min: 1, ...settings })
    await pair.pool.ready()
    await present(pair.pool, pair.far)
    pair.far().write('hello')
    await turns(20)
    assert.equal(pair.pool.stats().opened, 1)
    return pair
  }

  for (const [style, read] of Object.entries(styles)) {
    test(`a greeting waits in an idle ${kind} for its first borrower, who reads it by ${style}`, {
      timeout,
    }, async (t) => {
      const { pool } = await greeted(t)
      const lease = await pool.acquire()
      while (lease.connection.readableLength === 0) await turns(1)
      assert.equal(await read(lease.connection), 'hello')
      lease.release()
      assert.equal(pool.stats().idle, 1)
    })
  }

  test(`a greeting may reach a ${kind} in parts`, { timeout }, async (t) => {
    const { pool, far } = await greeted(t)
    far().write(', world')
    await turns(20)
    await pool.use(async (socket) => {
      while (socket.readableLength < 'hello, world'.length) await turns(1)
      assert.equal(String(socket.read()), 'hello, world')
    })
    assert.equal(pool.stats().opened, 1)
  })

  test(`a ${kind} whose peer greets and hangs up before the first lease is not lent`, {
    timeout,
  }, async (t) => {
    const { pool, far } = await greeted(t)
    const closed = next(pool, 'close')
    far().end(' and bye')
    const { reason, error } = await closed
    assert.equal(reason, 'died')
    assert.equal(messageOf(error), 'ended before it was first lent')
  })

  test(`a greeting that the first borrower of a ${kind} leaves unread is dirt`, {
    timeout,
  }, async (t) => {
    const { pool } = await greeted(t)
    const closed = next(pool, 'close')
    await pool.use(async (socket) => {
      while (socket.readableLength === 0) await turns(1)
    })
    assert.equal(messageOf((await closed).error), 'returned with 5 unread bytes')
  })

  test(`bytes that reach a ${kind} after its first lease are no greeting`, {
    timeout,
  }, async (t) => {
    const { pool, far } = await greeted(t)
    await pool.use(async (socket) => {
      assert.equal(String(await once(socket, 'data')), 'hello')
    })
    await turns(3)
    const closed = next(pool, 'close')
    far().write('late')
    assert.equal(messageOf((await closed).error), 'received 4 bytes while idle')
  })

  test(`a probe is the first lease of a ${kind}: the greeting is for it`, {
    timeout,
  }, async (t) => {
    const read: string[] = []
    const { pool } = await greeted(t, {
      probeAfterIdleMs: 0,
      probe: async (socket) => {
        if (read.length === 0) read.push(String(await once(socket, 'data')))
      },
    })
    await pool.use((socket) => assert.equal(socket.readableLength, 0))
    assert.deepEqual(read, ['hello'])
    assert.equal(pool.stats().opened, 1)
  })
}

/** Resolves once the far end of the pool's first connection is there. */
async function present(pool: TcpPool<Duplex>, far: () => Duplex): Promise<void> {
  for (;;) {
    try {
      far()
      return
    } catch {
      assert.equal(pool.stats().open, 1)
      await turns(1)
    }
  }
}

function messageOf(error: unknown): string {
  assert.ok(error instanceof Error)
  return error.message
}
