import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import type { Lease, Pool, TcpPoolSettings } from '../../src/index.ts'
import { RudeProcess, RudeServer } from '../../src/testing/index.ts'
import { next } from '../support/next.ts'
import { openPool } from '../support/open-pool.ts'
import { turns } from '../support/turns.ts'

/** Sends a line to an echo server and reads it back, and nothing more. */
type Style = (socket: Socket, line: string) => Promise<string>

const styles: Record<string, Style> = {
  "on('data')": (socket, line) =>
    new Promise((resolve) => {
      let reply = ''
      socket.on('data', function heed(bytes: Buffer) {
        reply += bytes
        if (!reply.endsWith('\n')) return
        socket.off('data', heed)
        resolve(reply)
      })
      socket.write(line)
    }),

  "on('data') and pause()": async (socket, line) => {
    const reply = await say("on('data')", socket, line)
    socket.pause()
    return reply
  },

  "on('readable')": (socket, line) =>
    new Promise((resolve) => {
      let reply = ''
      socket.on('readable', function heed() {
        for (let bytes = socket.read(); bytes !== null; bytes = socket.read()) reply += bytes
        if (!reply.endsWith('\n')) return
        socket.off('readable', heed)
        resolve(reply)
      })
      socket.write(line)
    }),

  'for await': async (socket, line) => {
    socket.write(line)
    let reply = ''
    for await (const bytes of socket.iterator({ destroyOnReturn: false })) {
      reply += bytes
      if (reply.endsWith('\n')) break
    }
    return reply
  },

  'pipe()': async (socket, line) => {
    let reply = ''
    const sink = new Writable({
      write(bytes: Buffer, _encoding, done) {
        reply += bytes
        done()
        if (reply.endsWith('\n')) sink.emit('line')
      },
    })
    const read = once(sink, 'line')
    socket.pipe(sink)
    socket.write(line)
    await read
    socket.unpipe(sink)
    return reply
  },
}

/** How a new connection was used before its first borrower gets it. */
const beginnings: Record<string, TcpPoolSettings> = {
  'just connected': {},
  "after a handshake by on('data')": { handshake: (socket) => say("on('data')", socket, 'hi\n') },
  "after a handshake by on('readable')": {
    handshake: (socket) => say("on('readable')", socket, 'hi\n'),
  },
}

/** How a connection comes from one borrower to the next. */
const handovers: Record<
  string,
  (pool: Pool<Socket>, lease: Lease<Socket>) => Promise<Lease<Socket>>
> = {
  'in the same turn': (pool, lease) => {
    lease.release()
    return pool.acquire()
  },
  'at once, by tryAcquire': async (pool, lease) => {
    lease.release()
    return present(pool.tryAcquire())
  },
  'after some turns': async (pool, lease) => {
    lease.release()
    await turns(3)
    return pool.acquire()
  },
  'after some turns, by tryAcquire': async (pool, lease) => {
    lease.release()
    await turns(3)
    return present(pool.tryAcquire())
  },
  'after having been parked and lent to one who did nothing': async (pool, lease) => {
    lease.release()
    await turns(3)
    present(pool.tryAcquire()).release()
    return present(pool.tryAcquire())
  },
}

for (const [beginning, settings] of Object.entries(beginnings)) {
  for (const first of Object.keys(styles)) {
    test(`a socket ${beginning} can be read by ${first}`, { timeout: 5_000 }, async (t) => {
      await using server = await RudeServer.start()
      const pool = openPool(t, { port: server.port, ...settings })
      const lease = await pool.acquire()
      assert.equal(await say(first, lease.connection, 'one\n'), 'one\n')
      lease.release()
      assert.equal(pool.stats().idle, 1)
    })
  }
}

for (const [handover, pass] of Object.entries(handovers)) {
  for (const first of Object.keys(styles)) {
    for (const second of Object.keys(styles)) {
      test(`a socket read by ${first} can be read by ${second} ${handover}`, {
        timeout: 5_000,
      }, async (t) => {
        await using server = await RudeServer.start()
        const pool = openPool(t, { port: server.port, max: 1 })
        const lease = await pool.acquire()
        assert.equal(await say(first, lease.connection, 'one\n'), 'one\n')
        const next = await pass(pool, lease)
        assert.equal(next.info.id, 1)
        assert.equal(await say(second, next.connection, 'two\n'), 'two\n')
        next.release()
        assert.equal(pool.stats().idle, 1)
        assert.equal(pool.stats().opened, 1)
      })
    }
  }
}

for (const [handover, pass] of Object.entries(handovers)) {
  for (const first of Object.keys(styles)) {
    test(`a borrower who gets a socket read by ${first} ${handover} and listens late loses nothing`, {
      timeout: 5_000,
    }, async (t) => {
      await using server = await RudeServer.start()
      const pool = openPool(t, { port: server.port, max: 1 })
      const lease = await pool.acquire()
      await say(first, lease.connection, 'one\n')
      const next = await pass(pool, lease)
      const { connection } = next
      const before = connection.bytesRead
      connection.write('early\n')
      while (connection.bytesRead === before) await turns(1)
      assert.equal(await say("on('data')", connection, ''), 'early\n')
      next.release()
    })
  }
}

for (const verb of ['reset', 'probe'] as const) {
  test(`a ${verb} can read by every style after every style`, { timeout: 5_000 }, async (t) => {
    await using server = await RudeServer.start()
    for (const first of Object.keys(styles)) {
      for (const second of Object.keys(styles)) {
        const pool = openPool(t, {
          port: server.port,
          max: 1,
          probeAfterIdleMs: 0,
          [verb]: (socket: Socket) => say(second, socket, `${verb}\n`),
        })
        const lease = await pool.acquire()
        await say(first, lease.connection, 'one\n')
        lease.release()
        const next = await pool.acquire()
        assert.equal(next.info.id, 1, `${first}, then ${second}`)
        assert.equal(await say(first, next.connection, 'two\n'), 'two\n')
        next.release()
      }
    }
  })
}

for (const first of Object.keys(styles)) {
  test(`bytes that reach a socket read by ${first} right after its release are seen, not dropped`, {
    timeout: 5_000,
  }, async (t) => {
    await using peer = await RudeProcess.start()
    const pool = openPool(t, { port: peer.port, max: 1 })
    const lease = await pool.acquire()
    await say(first, lease.connection, 'one\n')
    await turns(2)
    const { connection } = lease
    // From a timer, the next phase of the loop is the poll: the bytes come before the turn ends.
    await new Promise<void>((resolve) => {
      setTimeout(() => {
        peer.doWhileBlocked({ write: 'late' })
        lease.release()
        resolve()
      }, 0)
    })
    await turns(3)
    assert.equal(connection.bytesRead, 'one\nlate'.length)
    assert.equal(pool.stats().closed.dirty, 1)
  })

  test(`bytes that reach a parked socket, read by ${first} before, are seen, not dropped`, {
    timeout: 5_000,
  }, async (t) => {
    await using server = await RudeServer.start()
    const pool = openPool(t, { port: server.port, max: 1 })
    const closed = next(pool, 'close')
    const lease = await pool.acquire()
    await say(first, lease.connection, 'one\n')
    lease.release()
    await turns(3)
    server.connection.write('late')
    await closed
    assert.equal(pool.stats().closed.dirty, 1)
  })
}

test('a socket lent to no reader keeps what it receives until somebody reads', {
  timeout: 5_000,
}, async (t) => {
  await using server = await RudeServer.start()
  const pool = openPool(t, { port: server.port, max: 1 })
  const lease = await pool.acquire()
  const { connection } = lease
  connection.write('one\n')
  while (connection.bytesRead === 0) await turns(1)
  assert.equal(connection.readableLength, 4)
  lease.destroy()
})

function say(style: string, socket: Socket, line: string): Promise<string> {
  const speak = styles[style]
  assert.ok(speak)
  return speak(socket, line)
}

function present<T>(value: T | null): T {
  assert.notEqual(value, null)
  return value as T // Just seen not to be null.
}
