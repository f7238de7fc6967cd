import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { ManualClock, type RudeBehaviour, RudeServer } from '../../src/testing/index.ts'
import { turns } from '../support/turns.ts'
import { Dialler } from './support/dialler.ts'

const timeout = 10_000

test('by itself it listens on a free port of the loopback, and echoes', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  assert.equal(server.address, `127.0.0.1:${server.port}`)
  const client = await Dialler.dial(t, server)
  assert.equal(await client.ask('hello'), 'hello')
})

test('it listens on a port, an address or a path that it is given', { timeout }, async (t) => {
  await using first = await RudeServer.start()
  const { port } = first
  await first.close()
  await using second = await RudeServer.start({ port })
  assert.equal(second.port, port)
  await using sixth = await RudeServer.start({ host: '::1' })
  assert.equal(sixth.address, `[::1]:${sixth.port}`)
  assert.equal(await (await Dialler.dial(t, sixth)).ask('six'), 'six')
  const folder = mkdtempSync(join(tmpdir(), 'connpool-rude-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${folder}` : join(folder, 'socket')
  await using named = await RudeServer.start({ path })
  assert.equal(named.address, path)
  assert.equal(await (await Dialler.dial(t, { path })).ask('path'), 'path')
  const reset = named.reset()
  await named.holds(0)
  await reset
})

test('it cannot start where another one listens, or with a behaviour that it does not know', {
  timeout,
}, async () => {
  await using server = await RudeServer.start()
  await assert.rejects(RudeServer.start({ port: server.port }), { code: 'EADDRINUSE' })
  const behaviour = 'polite' as RudeBehaviour // As from JavaScript.
  await assert.rejects(RudeServer.start({ behaviour }), {
    name: 'TypeError',
    message: 'polite is no behaviour: use a function, or one of echo, silent, deaf, drip',
  })
  assert.throws(() => server.behave('toString' as RudeBehaviour), TypeError)
})

test('it knows its connections, and how many there were', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  assert.throws(() => server.connection, /has 0 connections/)
  const first = await Dialler.dial(t, server)
  await server.holds(1)
  const { connection } = server
  await Dialler.dial(t, server)
  await server.holds(2)
  assert.throws(() => server.connection, /has 2 connections/)
  first.socket.destroy()
  await server.holds(1)
  await connection.closed
  assert.deepEqual(
    server.connections.map(({ id }) => id),
    [2],
  )
  assert.equal(server.accepted, 2)
})

test('what is waited for in vain ends when the server is closed', { timeout }, async (t) => {
  const server = await RudeServer.start()
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  const waiting = assert.rejects(server.holds(3), /it held 1 connections, not 3/)
  const closed = server.close()
  assert.equal(server.close(), closed)
  await Promise.all([waiting, closed])
  await assert.rejects(server.holds(3), /the server is closed/)
  await assert.rejects(server.listen(), /the server is closed/)
  assert.equal(await client.ends(), 'FIN')
})

test('a server that refuses keeps its connections, and listens again on the same port', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start()
  const { port } = server
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  server.refuse()
  await assert.rejects(Dialler.dial(t, server), { code: 'ECONNREFUSED' })
  assert.equal(server.port, port)
  assert.equal(await client.ask('still'), 'still')
  await server.listen()
  await server.listen()
  assert.equal(server.port, port)
  assert.equal(await (await Dialler.dial(t, server)).ask('again'), 'again')
})

test('a server that refuses when it is closed leaves nothing', { timeout }, async (t) => {
  const server = await RudeServer.start()
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  server.refuse()
  await server.close()
  assert.equal(await client.ends(), 'FIN')
})

test('a silent server reads and says nothing', { timeout }, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'silent' })
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  await new Promise((written) => client.socket.write(Buffer.alloc(32 << 20), written))
  assert.equal(client.received, '')
  client.socket.end()
  await server.holds(0)
})

test('a deaf server does not even read: what is written piles up', { timeout }, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'deaf' })
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  const { connection } = server
  // More than the system keeps.
  client.socket.write(Buffer.alloc(32 << 20))
  await turns(100)
  assert.notEqual(client.socket.writableLength, 0)
  assert.ok(connection.socket.bytesRead <= 1 << 18, `${connection.socket.bytesRead} were read`)
  const drained = once(client.socket, 'drain')
  connection.ignore()
  await drained
})

test('a behaviour may greet, and then echo', { timeout }, async (t) => {
  await using server = await RudeServer.start({
    behaviour: (connection) => {
      connection.write('220 ready\n')
      return connection.echo()
    },
  })
  const client = await Dialler.dial(t, server)
  assert.equal(await client.hears(10), '220 ready\n')
  assert.equal(await client.ask('hello'), '220 ready\nhello')
})

test('a behaviour holds for those accepted from then on', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const early = await Dialler.dial(t, server)
  await server.holds(1)
  server.behave((connection) => connection.answer('no'))
  const late = await Dialler.dial(t, server)
  late.socket.write('a question')
  assert.equal(await late.hears(2), 'no')
  assert.equal(await early.ask('hello'), 'hello')
})

test('a server drips: byte by byte, as the test says, the FIN with the last', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'drip' })
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  client.socket.write('hello')
  await server.connection.heard()
  await turns(3)
  for (const [i, heard] of ['h', 'he', 'hel'].entries()) {
    server.tick()
    assert.equal(await client.hears(i + 1), heard)
  }
  server.connection.end('!')
  server.tick(2)
  assert.equal(await client.hears(5), 'hello')
  await turns(3)
  assert.equal(client.fate, '')
  server.connection.tick()
  assert.equal(await client.ends(), 'FIN')
  assert.equal(client.received, 'hello!')
})

test('a server that dripped may let it all flow', { timeout }, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'drip' })
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  const sent = server.write('one ').then(() => server.write('two'))
  await turns(3)
  assert.equal(client.received, '')
  server.connection.flow()
  await sent
  assert.equal(await client.hears(7), 'one two')
})

test('a promise of bytes that drip is kept when the connection is closed', {
  timeout,
}, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'drip' })
  await Dialler.dial(t, server)
  await server.holds(1)
  const { connection } = server
  const sent = Promise.all([connection.write('never'), connection.end()])
  await connection.destroy()
  await sent
  await Promise.all([connection.write('too late'), connection.end(), connection.reset()])
})

test('a FIN leaves the other direction open', { timeout }, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'deaf' })
  const client = await Dialler.dial(t, server, { allowHalfOpen: true })
  await server.holds(1)
  await server.end()
  assert.equal(await client.ends(), 'FIN')
  client.socket.write('do you hear')
  assert.equal(String(await server.connection.read()), 'do you hear')
  await server.connection.write('dropped')
  client.socket.end()
  await server.holds(0)
  assert.equal(client.fate, 'FIN')
})

test('a server answers a FIN with its own, unless it is told to allow half-open connections', {
  timeout,
}, async (t) => {
  for (const allowHalfOpen of [false, true]) {
    await using server = await RudeServer.start({ allowHalfOpen, behaviour: 'silent' })
    const client = await Dialler.dial(t, server)
    await server.holds(1)
    const { connection } = server
    client.socket.end()
    if (allowHalfOpen) {
      assert.equal(await connection.read(), null)
      await connection.write('still here')
      assert.equal(await client.hears(10), 'still here')
      connection.end()
    }
    assert.equal(await client.ends(), 'FIN')
    await connection.closed
  }
})

test('a reset is an RST, in the middle of a request too', { timeout }, async (t) => {
  await using server = await RudeServer.start({
    behaviour: async (connection) => {
      assert.equal(await connection.heard(), true)
      connection.reset()
    },
  })
  const client = await Dialler.dial(t, server)
  client.socket.write('half a requ')
  assert.equal(await client.ends(), 'ECONNRESET')
  await server.holds(0)
})

test('a reset right after a FIN still closes the connection', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const client = await Dialler.dial(t, server, { allowHalfOpen: true })
  await server.holds(1)
  server.end()
  await server.reset()
  await server.holds(0)
  assert.match(await client.ends(), /FIN|ECONNRESET/)
})

test('a connection says what went wrong on it', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  const { connection } = server
  const before = connection.error
  client.socket.resetAndDestroy()
  await connection.closed
  assert.equal(before, undefined)
  assert.match(String(connection.error), /ECONNRESET/)
})

test('late bytes go to one connection or to all', { timeout }, async (t) => {
  await using server = await RudeServer.start()
  const clients = [await Dialler.dial(t, server), await Dialler.dial(t, server)]
  await server.holds(2)
  await server.connections[1]?.write('one ')
  await server.write('all')
  assert.deepEqual(await Promise.all([clients[0]?.hears(3), clients[1]?.hears(7)]), [
    'all',
    'one all',
  ])
})

test('heartbeats come by the clock that the server is given, until the connection is closed', {
  timeout,
}, async (t) => {
  const clock = new ManualClock()
  let beats = 0
  await using server = await RudeServer.start({
    clock,
    behaviour: (connection) => connection.every(1_000, () => connection.write(`${++beats} `)),
  })
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  clock.advance(999)
  assert.equal(beats, 0)
  clock.advance(2_001)
  assert.equal(await client.hears(6), '1 2 3 ')
  client.socket.destroy()
  await server.holds(0)
  assert.equal(clock.timers, 0)
})

test('heartbeats can be ended, and come by the system’s clock otherwise', {
  timeout,
}, async (t) => {
  for (const clock of [undefined, new ManualClock()]) {
    await using server = await RudeServer.start(clock === undefined ? {} : { clock })
    const client = await Dialler.dial(t, server)
    await server.holds(1)
    const stop = server.connection.every(1, () => server.write('.'))
    clock?.advance(2)
    await client.hears(2)
    stop()
    assert.equal(clock?.timers ?? 0, 0)
    const { connection } = server
    await connection.destroy()
    connection.every(1, () => assert.fail('it is closed'))
    assert.equal(clock?.timers ?? 0, 0)
  }
})

test('a connection ends after so many requests', { timeout }, async (t) => {
  await using server = await RudeServer.start({
    behaviour: (connection) =>
      connection.answer((request, nth) => (nth < 3 ? request : connection.end(request))),
  })
  const client = await Dialler.dial(t, server)
  for (const request of ['one', 'two', 'three']) await client.ask(request)
  assert.equal(await client.ends(), 'FIN')
  assert.equal(client.received, 'onetwothree')
})

test('a request may be a line, however its bytes arrive', { timeout }, async (t) => {
  const lines: string[] = []
  await using server = await RudeServer.start({
    behaviour: (connection) =>
      connection.answer((line) => {
        lines.push(String(line))
        return '+OK\r\n'
      }, '\r\n'),
  })
  const client = await Dialler.dial(t, server)
  client.socket.write('GET a\r\nGET b\r\nGET')
  await client.hears(10)
  client.socket.write(' c\r\nrest')
  assert.equal(await client.hears(15), '+OK\r\n+OK\r\n+OK\r\n')
  assert.deepEqual(lines, ['GET a\r\n', 'GET b\r\n', 'GET c\r\n'])
})

test('an answer may take its time, or not come, but must be bytes', { timeout }, async (t) => {
  let tell = (_bytes: string): void => {}
  const told = new Promise<string>((resolve) => {
    tell = resolve
  })
  const replies = [() => told, () => undefined, () => 'third', () => 4]
  let answered: Promise<void> | undefined
  await using server = await RudeServer.start({
    behaviour: (connection) => {
      answered = connection.answer((_line, nth) => replies[nth - 1]?.(), '\n')
    },
  })
  const client = await Dialler.dial(t, server)
  client.socket.write('1\n2\n3\n')
  await server.holds(1)
  await turns(5)
  assert.equal(client.received, '')
  tell('first ')
  assert.equal(await client.hears(11), 'first third')
  client.socket.write('4\n')
  await assert.rejects(async () => answered, /TypeError: cannot answer with 4: no bytes/)
})

test('who reads is told when nothing more will come', { timeout }, async (t) => {
  await using server = await RudeServer.start({ behaviour: 'deaf' })
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  const { connection } = server
  const heard = connection.heard()
  client.socket.end('bye')
  assert.equal(await heard, true)
  assert.equal(String(await connection.read()), 'bye')
  assert.equal(await connection.read(), null)
  assert.equal(await connection.heard(), false)
  await connection.closed
  assert.equal(await connection.heard(), false)
})
