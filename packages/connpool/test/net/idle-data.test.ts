import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { type TestContext, test } from 'node:test'
import type { Lease, TcpPool } from '../../src/index.ts'
import {
  ManualClock,
  type RudeConnection,
  RudeProcess,
  RudeServer,
} from '../../src/testing/index.ts'
import { kinds } from '../support/kinds.ts'
import { next } from '../support/next.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000

for (const [kind, open] of Object.entries(kinds)) {
  test(`a heartbeat to an idle ${kind} is for onIdleData, and harms nobody`, {
    timeout,
  }, async (t) => {
    const eaten: string[] = []
    const { pool, far } = await open(t, { onIdleData: eater(eaten) })
    for (const beat of ['one', 'two', 'three']) {
      await pool.use(async (socket) => {
        socket.write('question')
        assert.equal(String(await once(socket, 'data')), 'question')
      })
      far().write(beat)
      while (eaten.at(-1) !== beat) await turns(1)
    }
    assert.deepEqual(eaten, ['one', 'two', 'three'])
    assert.deepEqual([pool.stats().opened, pool.stats().idle], [1, 1])
  })

  test(`an idle ${kind} whose peer sends a last heartbeat and ends has died`, {
    timeout,
  }, async (t) => {
    const eaten: string[] = []
    const { pool, far } = await open(t, { onIdleData: eater(eaten) })
    await pool.use(async (socket) => {
      socket.write('question')
      await once(socket, 'data')
    })
    await turns(3)
    const closed = next(pool, 'close')
    far().end('bye')
    assert.equal(messageOf((await closed).error), 'ended while idle')
    assert.deepEqual(eaten, ['bye'])
  })
}

/** What onIdleData does that does not have the connection kept. */
const refusals: Record<string, (socket: Socket) => unknown> = {
  'answers false': (socket) => {
    socket.read()
    return false
  },
  'answers something that is not true': (socket) => {
    socket.read()
    return 1
  },
  'answers a promise': async (socket) => {
    socket.read()
    return true
  },
  throws: (socket) => {
    socket.read()
    throw new Error('what is this?')
  },
  'leaves bytes unread': (socket) => {
    socket.read(1)
    return true
  },
  'goes on reading': (socket) => {
    socket.read()
    socket.resume()
    return true
  },
}

for (const [what, refuse] of Object.entries(refusals)) {
  test(`a connection is closed where onIdleData ${what}`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const warned = warnings(t)
    const pool = openPool(t, {
      port: server.port,
      onIdleData: refuse as () => boolean, // On purpose.
    })
    for (let time = 0; time < 2; time++) {
      await pool.use(() => {})
      await server.holds(1)
      await turns(3)
      const closed = next(pool, 'close')
      server.connection.write('beat')
      const { reason, error } = await closed
      assert.equal(reason, 'dirty')
      const said = 'received 4 bytes while idle, which onIdleData did not consume'
      assert.equal(messageOf(error), said)
      await server.holds(0)
    }
    await turns(1)
    assert.deepEqual(
      warned.map(({ message }) => /: onIdleData\(\) threw: what is this\?/.test(message)),
      what === 'throws' ? [true] : [],
    )
  })
}

test('heartbeats before the first lease harm nobody either', { timeout }, async (t) => {
  await using server = await RudeServer.start({
    behaviour: (connection) => connection.write('beat'),
  })
  const eaten: string[] = []
  const pool = openPool(t, { port: server.port, min: 3, max: 4, onIdleData: eater(eaten) })
  await pool.ready()
  const leases = await Promise.all(Array.from({ length: 4 }, () => pool.acquire()))
  for (const lease of leases) {
    // To this one it came after it was lent: then it is the borrower's.
    if (lease.connection.bytesRead === 0) await once(lease.connection, 'readable')
    lease.connection.read()
    lease.release()
  }
  server.write('beat')
  while (eaten.join('').length < 4 * 4) await turns(1)
  const { opened, connectFailures } = pool.stats()
  assert.deepEqual([opened, connectFailures.backend], [4, 0])
})

test('what arrives while a connection is made is for onIdleData as soon as it is made', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({
    behaviour: (connection) => connection.write('beat'),
  })
  const eaten: string[] = []
  let keep = true
  const pool = openPool(t, {
    port: server.port,
    onIdleData: (socket) => {
      eaten.push(String(socket.read()))
      return keep
    },
    handshake: async (socket) => {
      while (socket.readableLength === 0) await turns(1)
    },
  })
  const lease = await pool.acquire()
  assert.deepEqual(eaten, ['beat'])
  keep = false
  const failed = next(pool, 'connectFailed')
  const refused = pool.acquire({ timeoutMs: 1_000 }).catch(() => {})
  const said = 'received 4 bytes before it was first lent, which onIdleData did not consume'
  assert.equal(messageOf((await failed).error), said)
  lease.destroy()
  await pool.close()
  await refused
})

for (const then of ['waits', 'hangs up'] as const) {
  test(`a greeting is not for onIdleData, where the server then ${then}`, {
    timeout,
  }, async (t) => {
    await using server = await RudeServer.start({
      behaviour: (connection) => connection.write('hello'),
    })
    const eaten: string[] = []
    const pool = openPool(t, {
      port: server.port,
      min: 1,
      serverSpeaksFirst: true,
      onIdleData: eater(eaten),
    })
    await pool.ready()
    await server.holds(1)
    await turns(20)
    if (then === 'hangs up') {
      const closed = next(pool, 'close')
      server.connection.end()
      assert.equal((await closed).reason, 'died')
    } else {
      await pool.use(async (socket) => assert.equal(String(await once(socket, 'data')), 'hello'))
      assert.equal(pool.stats().opened, 1)
    }
    assert.deepEqual(eaten, [])
  })
}

test('what is unread at a release is dirt, whatever onIdleData says', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const eaten: string[] = []
  const pool = openPool(t, { port: server.port, onIdleData: eater(eaten) })
  const closed = next(pool, 'close')
  await pool.use(async (socket) => {
    socket.write('question')
    while (socket.readableLength === 0) await turns(1)
  })
  assert.deepEqual(eaten, [])
  assert.equal(messageOf((await closed).error), 'returned with 8 unread bytes')
})

test('a heartbeat in the turn of the release does not keep the connection from who takes it in that turn', {
  timeout,
}, async (t) => {
  await using peer = await RudeProcess.start()
  const eaten: string[] = []
  const pool = openPool(t, { port: peer.port, max: 1, onIdleData: eater(eaten) })
  const lease = await pool.acquire()
  const { connection } = lease
  connection.write('question')
  await once(connection, 'data')
  const after = await neighbour(t, peer)
  await peer.holds(2)
  after.once('data', () => {
    assert.deepEqual(eaten, ['late'])
    const again = pool.tryAcquire()
    assert.equal(again?.connection, connection)
    again?.release()
  })
  await inOnePoll(peer, () => lease.release())
  assert.equal(after.bytesRead, 4)
  assert.deepEqual([pool.stats().opened, pool.stats().hits], [1, 1])
})

test('nor does one in the turn in which the connection opens', { timeout }, async (t) => {
  await using peer = await RudeProcess.start()
  const eaten: string[] = []
  const before = await neighbour(t, peer)
  const pool = openPool(t, {
    port: peer.port,
    min: 1,
    onIdleData: eater(eaten),
    handshake: () => once(before, 'data'),
  })
  await peer.holds(2)
  const after = await neighbour(t, peer)
  await peer.holds(3)
  after.once('data', () => {
    assert.deepEqual(eaten, ['late'])
    pool.tryAcquire()?.release()
  })
  await inOnePoll(peer, () => {})
  assert.equal(after.bytesRead, 4)
  assert.deepEqual([pool.stats().opened, pool.stats().misses], [1, 1])
})

test('what comes while a returned connection still sends is consumed, too', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'deaf' })
  const eaten: string[] = []
  const pool = openPool(t, {
    port: server.port,
    resetTimeoutMs: Infinity,
    onIdleData: eater(eaten),
  })
  await pool.use(async (socket) => {
    await server.holds(1)
    while (socket.writableLength < 8_000_000) socket.write(Buffer.alloc(1_000_000))
  })
  assert.equal(pool.stats().resetting, 1)
  server.connection.write('beat')
  while (eaten.length === 0) await turns(1)
  server.connection.ignore()
  while (pool.stats().idle === 0) await turns(1)
  assert.equal(pool.stats().opened, 1)
})

for (const verb of ['probe', 'reset'] as const) {
  test(`what arrives during a ${verb} is the ${verb}'s`, { timeout }, async (t) => {
    await using server = await RudeServer.start()
    const read: string[] = []
    const eaten: string[] = []
    const pool = openPool(t, {
      port: server.port,
      onIdleData: eater(eaten),
      probeAfterIdleMs: 0,
      [verb]: async (socket: Socket) => {
        server.connection.write('beat')
        read.push(String(await once(socket, 'data')))
      },
    })
    await pool.use(() => server.holds(1))
    await pool.use(() => {})
    assert.ok(read.length > 0)
    assert.deepEqual(new Set(read), new Set(['beat']))
    assert.deepEqual(eaten, [])
    assert.equal(pool.stats().opened, 1)
  })
}

test('a heartbeat is no use: idle times go on, and a probe is still due', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const clock = new ManualClock()
  const eaten: string[] = []
  const pool = openPool(t, {
    port: server.port,
    clock,
    idleTimeoutMs: 1_000,
    probeAfterIdleMs: 500,
    probe: () => {},
    onIdleData: eater(eaten),
  })
  await pool.use(() => server.holds(1))
  await turns(3)
  await clock.pass(600)
  server.connection.write('beat')
  while (eaten.length === 0) await turns(1)
  await pool.use(() => {})
  assert.equal(pool.stats().probes, 1)
  await turns(3)
  await clock.pass(900)
  server.connection.write('beat')
  while (eaten.length === 1) await turns(1)
  await clock.pass(100)
  assert.equal(pool.stats().closed.idle, 1)
})

/** What onIdleData may do to its own pool, before it reads and after. */
const actions: Record<string, (pool: TcpPool) => unknown> = {
  acquires: (pool) => pool.acquire({ timeoutMs: 1_000 }).then((lease) => lease.release()),
  uses: (pool) => pool.use(() => {}),
  'takes and gives back at once': (pool) => pool.tryAcquire()?.release(),
  'takes and destroys at once': (pool) => pool.tryAcquire()?.destroy(new Error('taken')),
  'takes and detaches at once': (pool) => pool.tryAcquire()?.detach().destroy(),
  invalidates: (pool) => pool.invalidate(),
  'resizes down and up': (pool) => {
    pool.resize({ max: 1 })
    pool.resize({ max: 2 })
  },
  'pauses and resumes': (pool) => {
    pool.pause()
    pool.resume()
  },
}

for (const [what, act] of Object.entries(actions)) {
  for (const when of ['before it reads', 'after it has read'] as const) {
    test(`onIdleData that ${what} ${when} loses no place`, { timeout }, async (t) => {
      await using server = await RudeServer.start()
      const done: unknown[] = []
      let asked = 0
      const pool = openPool(t, {
        port: server.port,
        max: 2,
        onIdleData: (socket) => {
          asked++
          if (when === 'before it reads') done.push(act(pool))
          socket.read()
          if (when === 'after it has read') done.push(act(pool))
          return true
        },
      })
      const pair = await Promise.all([pool.acquire(), pool.acquire()])
      for (const lease of pair) lease.release()
      await server.holds(2)
      await turns(3)
      server.write('beat')
      while (asked === 0) await turns(1)
      await Promise.allSettled(done)
      await turns(5)
      const leases = await Promise.all([pool.acquire(), pool.acquire()])
      assert.equal(new Set(leases.map(({ connection }) => connection)).size, 2)
      for (const lease of leases) lease.release()
      await turns(3)
      const { idle, open, opened, closed } = pool.stats()
      const ended = Object.values(closed).reduce((sum, count) => sum + count, 0)
      assert.deepEqual([idle, open, opened - ended], [2, 2, 2])
    })
  }
}

test('onIdleData may close the pool', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, {
    port: server.port,
    onIdleData: () => {
      pool.close().catch(assert.fail)
      return false
    },
  })
  const drained = next(pool, 'drain')
  await pool.use(() => server.holds(1))
  await turns(3)
  server.connection.write('beat')
  await drained
  assert.deepEqual([pool.stats().open, pool.stats().closed.shutdown], [0, 1])
})

test('a connection that onIdleData itself has lent is its borrower’s, whatever it answers', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, {
    port: server.port,
    onIdleData: (socket) => {
      socket.read()
      const lease = pool.tryAcquire()
      assert.equal(lease?.connection, socket)
      if (lease !== null) lent.push(lease)
      return false
    },
  })
  const lent: Lease<Socket>[] = []
  await pool.use(() => server.holds(1))
  await turns(3)
  const acquired = next(pool, 'acquire')
  server.connection.write('beat')
  await acquired
  await turns(1)
  const [lease = assert.fail()] = lent
  assert.equal(lease.signal.aborted, false)
  lease.release()
  assert.equal(pool.stats().idle, 1)
})

test('under load, of connections that get a heartbeat in every turn none is lost', {
  timeout: 30_000,
}, async (t) => {
  await using server = await RudeServer.start({ behaviour: answer })
  let beats = 0
  const pool = openPool(t, {
    port: server.port,
    max: 8,
    onIdleData: (socket) => {
      beats += socket.read().length
      return true
    },
  })
  const stop = beat(server)
  const borrow = async (turn: number) => {
    const lease = turn % 3 === 0 ? pool.tryAcquire() : null
    const { connection, release } = keeper(lease ?? (await pool.acquire()))
    if (turn % 5 !== 0) await ask(connection)
    release()
  }
  const borrowers = Array.from({ length: 10 }, async () => {
    for (let turn = 0; turn < 150; turn++) {
      await borrow(turn)
      await turns(turn % 7)
    }
  })
  await Promise.all(borrowers)
  stop()
  const { opened, closed } = pool.stats()
  assert.equal(opened, 8)
  assert.deepEqual(Object.values(closed), Array(Object.keys(closed).length).fill(0))
  assert.ok(beats > 200, `${beats} heartbeats came`)
})

test('without onIdleData a heartbeat ends every idle connection', { timeout }, async (t) => {
  await using server = await RudeServer.start({ behaviour: answer })
  const pool = openPool(t, { port: server.port, max: 8, maxConnecting: 8 })
  const leases = await Promise.all(Array.from({ length: 8 }, () => pool.acquire()))
  for (const lease of leases) lease.release()
  await server.holds(8)
  await turns(3)
  const stop = beat(server)
  while (pool.stats().closed.dirty < 8) await turns(1)
  stop()
  assert.equal(pool.stats().open, 0)
})

/** A connection of nobody's pool, to which the peer sends after those that it had before. */
async function neighbour(t: TestContext, peer: RudeProcess): Promise<Socket> {
  const socket = connect(peer.port, '127.0.0.1')
  t.after(() => socket.destroy())
  await once(socket, 'connect')
  return socket
}

/**
 * Has the peer send to all its connections, does `act`, and then has Node read what was sent: all of it
 * in one poll, since this begins in a timer, and in the order in which it was sent.
 */
async function inOnePoll(peer: RudeProcess, act: () => void): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(() => {
      peer.doWhileBlocked({ write: 'late' })
      act()
      resolve()
    }, 0)
  })
  await turns(3)
}

/** Consumes what arrived, and notes it. */
function eater(eaten: string[]): (socket: Duplex) => boolean {
  return (socket) => {
    eaten.push(String(socket.read()))
    return true
  }
}

/** Has the server send a byte to each of its connections in every turn, until told to stop. */
function beat(server: RudeServer): () => void {
  let beating = true
  const once = () => {
    if (!beating) return
    server.write('.')
    setImmediate(once)
  }
  once()
  return () => {
    beating = false
  }
}

/** Answers each question among heartbeats. */
function answer(connection: RudeConnection): Promise<void> {
  return connection.answer('!')
}

function ask(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on('data', function heed(bytes: Buffer) {
      if (!bytes.includes('!')) return
      socket.off('data', heed)
      resolve()
    })
    socket.write('?')
  })
}

/** Releases once nothing is unread: what is, is the borrower's. */
function keeper(lease: Lease<Socket>) {
  const { connection } = lease
  return {
    connection,
    release: () => {
      connection.read()
      lease.release()
    },
  }
}

function warnings(t: TestContext): Error[] {
  const heard: Error[] = []
  const hear = (warning: Error) => heard.push(warning)
  process.on('warning', hear)
  t.after(() => process.off('warning', hear))
  return heard
}

function messageOf(error: unknown): string {
  assert.ok(error instanceof Error)
  return error.message
}
