import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { type Duplex, PassThrough, Writable } from 'node:stream'
import { test } from 'node:test'
import { BirthListeners } from '../../src/net/birth-listeners.ts'
import { kinds } from '../support/kinds.ts'
import { next } from '../support/next.ts'
import { turns } from '../support/turns.ts'

const timeout = 10_000
const mine = Symbol('mine')

/** What a borrower leaves behind. */
const leavings: Record<string, (socket: Duplex) => void> = {
  on: (socket) => socket.on('close', () => {}),
  'on for data': (socket) => socket.on('data', () => {}),
  'on for readable': (socket) => socket.on('readable', () => {}),
  once: (socket) => socket.once('error', () => {}),
  prependListener: (socket) => socket.prependListener('end', () => {}),
  prependOnceListener: (socket) => socket.prependOnceListener('close', () => {}),
  'on for a symbol': (socket) => socket.on(mine, () => {}),
  'one listener five times, on each of five names': (socket) => {
    for (const name of ['data', 'drain', 'finish', 'close', 'error']) {
      for (let time = 0; time < 5; time++) socket.on(name, ignore)
    }
  },
  'one more of each that it was born with': (socket) => {
    for (const name of socket.eventNames()) {
      for (const listener of socket.rawListeners(name)) {
        socket.on(name, listener as () => void) // Of no more precise type in Node's own.
      }
    }
  },
  'a newListener listener': (socket) => socket.on('newListener', () => {}),
  'a pipe': (socket) => socket.pipe(new PassThrough()),
}

for (const [kind, open] of Object.entries(kinds)) {
  for (const [what, leave] of Object.entries(leavings)) {
    test(`what a borrower left on a ${kind} is taken off: ${what}`, { timeout }, async (t) => {
      const { pool } = await open(t)
      const first = await pool.acquire()
      const { connection } = first
      const birth = listeners(connection)
      leave(connection)
      first.release()
      assert.equal(pool.stats().idle, 1)
      assert.deepEqual(listeners(connection), birth)
      const second = pool.tryAcquire()
      assert.equal(second?.connection, connection)
      connection.write('early')
      while (connection.readableLength === 0) await turns(1)
      const [reply] = await once(connection, 'data')
      assert.equal(String(reply), 'early')
      second?.release()
      assert.equal(pool.stats().idle, 1)
    })
  }

  test(`bytes that reach an idle ${kind} on which a reader was left are seen`, {
    timeout,
  }, async (t) => {
    const { pool, far } = await open(t)
    await pool.use((socket) => {
      socket.on('data', () => assert.fail('it was read'))
    })
    await turns(3)
    const closed = next(pool, 'close')
    far().write('late')
    await closed
    assert.equal(pool.stats().closed.dirty, 1)
  })

  test(`a ${kind} without a listener that it was born with is destroyed`, {
    timeout,
  }, async (t) => {
    const { pool } = await open(t)
    const first = await pool.acquire()
    const names = first.connection.eventNames()
    first.release()
    assert.ok(names.includes('close') && names.includes('error'))
    for (const name of names.filter((name) => name !== 'newListener')) {
      for (const put of ['nothing', 'another'] as const) {
        await pool.use(() => {}) // A first clean return: no failed dial, whatever follows.
        const closed = next(pool, 'close')
        await pool.use((socket) => {
          socket.removeAllListeners(name)
          if (put === 'another') for (let i = 0; i < 3; i++) socket.on(name, () => {})
        })
        const { reason, error } = await closed
        assert.equal(reason, 'dirty')
        assert.equal(messageOf(error), `lost listeners: ${String(name)}`)
      }
    }
  })

  test(`strictListeners destroys a ${kind} on which listeners were left, and says which`, {
    timeout,
  }, async (t) => {
    const { pool } = await open(t, { strictListeners: true })
    await pool.use((socket) => {
      socket.on('data', ignore)
      socket.off('data', ignore)
    })
    assert.equal(pool.stats().idle, 1)
    await turns(3)
    const closed = next(pool, 'close')
    await pool.use((socket) => {
      socket.on('data', ignore)
      socket.once('data', ignore)
      socket.on('drain', ignore)
      socket.on(mine, ignore)
    })
    const { reason, error } = await closed
    assert.equal(reason, 'dirty')
    assert.equal(messageOf(error), 'left listeners: Symbol(mine), data, drain')
  })

  test(`a ${kind} that was left piped into a stream is taken out of it`, {
    timeout,
  }, async (t) => {
    const { pool } = await open(t)
    const received: string[] = []
    const sink = new Writable({
      write(bytes: Buffer, _encoding, done) {
        received.push(String(bytes))
        done()
      },
    })
    const birth = listeners(sink)
    await pool.use((socket) => {
      socket.pipe(sink)
    })
    assert.deepEqual(listeners(sink), birth)
    await pool.use(async (socket) => {
      socket.write('question')
      assert.equal(String(await once(socket, 'data')), 'question')
    })
    assert.deepEqual(received, [])
  })

  test(`a ${kind} into which something is piped is destroyed`, { timeout }, async (t) => {
    const { pool } = await open(t)
    const closed = next(pool, 'close')
    await pool.use((socket) => {
      new PassThrough().pipe(socket)
    })
    const { error } = await closed
    assert.equal(messageOf(error), 'returned while something is piped into it')
  })

  test(`what a borrower’s own listeners throw while a ${kind} is cleaned costs no place`, {
    timeout,
  }, async (t) => {
    const { pool } = await open(t)
    await pool.use((socket) => {
      const sink = new PassThrough()
      sink.on('unpipe', () => {
        throw new Error('unpiped')
      })
      socket.pipe(sink)
    })
    assert.equal(pool.stats().closed.dirty, 1)
    let returning = true
    await pool.use((socket) => {
      socket.on('removeListener', () => {
        if (returning) throw new Error('removed')
      })
      socket.on('data', ignore)
    })
    returning = false
    assert.equal(pool.stats().closed.dirty, 2)
    await pool.use(() => {})
    assert.equal(pool.stats().idle, 1)
  })
}

test('a once listener of the handshake may be called, and is missed by nobody', {
  timeout,
}, async (t) => {
  const open = kinds['TCP socket'] ?? assert.fail()
  let heard = 0
  const { pool } = await open(t, { handshake: (socket) => socket.once(mine, () => heard++) })
  await pool.use((socket) => void socket.emit(mine))
  assert.equal(heard, 1)
  assert.equal(pool.stats().idle, 1)
  await pool.use((socket) => {
    socket.on(mine, () => assert.fail('it was left'))
  })
  await pool.use((socket) => void socket.emit(mine))
  assert.equal(pool.stats().opened, 1)
})

test('a borrower may listen for TLS keys and sessions: listeners of Node’s that leave then are not missed', {
  timeout,
}, async (t) => {
  const open = kinds['TLS socket'] ?? assert.fail()
  const { pool } = await open(t)
  await pool.use((socket) => {
    socket.on('keylog', ignore)
    socket.on('session', ignore)
  })
  assert.equal(pool.stats().idle, 1)
  await pool.use((socket) => assert.equal(socket.listenerCount('keylog'), 0))
})

test('one listener of several that was changed for another is missed', { timeout }, async (t) => {
  const open = kinds['TCP socket'] ?? assert.fail()
  const { pool } = await open(t, {
    handshake: (socket) => {
      for (let count = 0; count < 4; count++) socket.on(mine, ignore)
    },
  })
  const closed = next(pool, 'close')
  await pool.use((socket) => {
    socket.off(mine, ignore)
    socket.on(mine, () => {})
  })
  assert.equal(messageOf((await closed).error), 'lost listeners: Symbol(mine)')
})

test('what Node cannot tell from a listener of the handshake is not taken off in its stead', {
  timeout,
}, async (t) => {
  const open = kinds['TCP socket'] ?? assert.fail()
  const { pool } = await open(t, { handshake: (socket) => socket.once(mine, ignore) })
  const closed = next(pool, 'close')
  await pool.use((socket) => {
    socket.prependListener(mine, ignore) // To take it off, Node looks from the end.
  })
  assert.equal(messageOf((await closed).error), 'left listeners: Symbol(mine)')
})

test('a data listener of the handshake hears what every borrower is sent', {
  timeout,
}, async (t) => {
  const open = kinds['TCP socket'] ?? assert.fail()
  const heard = new EventEmitter()
  const { pool } = await open(t, {
    handshake: (socket) => {
      socket.on('data', (bytes) => heard.emit('line', String(bytes)))
    },
  })
  for (const line of ['one', 'two', 'three']) {
    await pool.use(async (socket) => {
      socket.write(line)
      assert.deepEqual(await once(heard, 'line'), [line])
    })
    await turns(line === 'one' ? 0 : 3)
  }
  assert.equal(pool.stats().opened, 1)
})

test('listeners are compared as well where Node does not show how it keeps them', () => {
  const kept = new EventEmitter()
  const shown = {
    eventNames: () => kept.eventNames(),
    rawListeners: (name: string) => kept.rawListeners(name),
    removeListener: (name: string, listener: () => void) => kept.removeListener(name, listener),
  }
  kept.on('close', ignore)
  const emitter = shown as unknown as EventEmitter // All that is asked of one.
  const birth = new BirthListeners(emitter)
  assert.equal(birth.areAllOf(emitter), false)
  assert.equal(birth.restore(emitter), true)
  kept.on('close', () => {})
  kept.on('data', () => {})
  assert.deepEqual(
    birth.difference(emitter).added.map(([name]) => name),
    ['close', 'data'],
  )
  assert.equal(birth.restore(emitter), true)
  assert.deepEqual(listeners(kept), { close: [ignore] })
  kept.removeAllListeners()
  assert.deepEqual(birth.difference(emitter).lost, ['close'])
  assert.equal(birth.restore(emitter), false)
})

/** All listeners of an emitter as they are, by name. */
function listeners(emitter: EventEmitter): Record<string, unknown[]> {
  const names = emitter.eventNames()
  return Object.fromEntries(names.map((name) => [String(name), emitter.rawListeners(name)]))
}

function messageOf(error: unknown): string {
  assert.ok(error instanceof Error)
  return error.message
}

function ignore(): void {}
