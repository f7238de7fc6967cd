import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { type RudeManner, RudeProcess } from '../../src/testing/index.ts'
import { CertificateAuthority } from '../support/certificates.ts'
import { turns } from '../support/turns.ts'
import { Dialler } from './support/dialler.ts'

const timeout = 20_000
const withSignals = process.platform === 'win32' ? 'Windows has no such signals' : false
const greeting = new URL('./support/greeting.ts', import.meta.url)

test('it echoes in a process of its own', { timeout }, async (t) => {
  await using server = await RudeProcess.start()
  assert.notEqual(server.pid, process.pid)
  assert.equal(server.address, `127.0.0.1:${server.port}`)
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  assert.equal(await client.ask('hello'), 'hello')
  client.socket.destroy()
  await server.holds(0)
})

test('it is told what to do to every connection', { timeout }, async (t) => {
  await using server = await RudeProcess.start({ behaviour: 'drip' })
  const clients = [await Dialler.dial(t, server), await Dialler.dial(t, server)]
  await server.holds(2)
  const written = server.write('late')
  await server.tick()
  assert.deepEqual(await Promise.all(clients.map((client) => client.hears(1))), ['l', 'l'])
  await server.tick(3)
  await written
  await server.end()
  assert.deepEqual(await Promise.all(clients.map((client) => client.ends())), ['FIN', 'FIN'])
  await server.holds(0)
  const last = await Dialler.dial(t, server)
  await server.holds(1)
  await server.reset()
  assert.equal(await last.ends(), 'ECONNRESET')
})

test('bytes that drip when it ends are waited for no longer', { timeout }, async (t) => {
  await using server = await RudeProcess.start({ behaviour: 'drip' })
  await Dialler.dial(t, server)
  await server.holds(1)
  const written = server.write('late')
  await server.kill()
  await written
})

test('its behaviour is a name, or what a module exports', { timeout }, async (t) => {
  await using server = await RudeProcess.start({ behaviour: greeting })
  assert.equal(await (await Dialler.dial(t, server)).hears(10), '220 ready\n')
  await server.behave('silent')
  const silent = await Dialler.dial(t, server)
  await server.holds(2)
  silent.socket.end('hello')
  assert.equal(await silent.ends(), 'FIN')
  assert.equal(silent.received, '')
  await server.behave(greeting)
  assert.equal(await (await Dialler.dial(t, server)).hears(10), '220 ready\n')
  await assert.rejects(server.behave('polite' as RudeManner), /polite is no behaviour/)
  await assert.rejects(
    server.behave(new URL('../support/turns.ts', import.meta.url)),
    /turns\.ts exports no function behave/,
  )
})

test('an error in its behaviour ends it', { timeout }, async (t) => {
  const code = 'export const behave = () => { throw new Error("on purpose") }'
  await using server = await RudeProcess.start({
    behaviour: new URL(`data:text/javascript,${code}`),
  })
  const waiting = assert.rejects(server.holds(1), /process ended with 1/)
  await Dialler.dial(t, server)
  await waiting
})

test('it speaks TLS', { timeout }, async (t) => {
  const authority = await CertificateAuthority.create('trusted')
  const tls = await authority.forServer()
  await using server = await RudeProcess.start({ tls, beforeTls: greeting })
  const plain = await Dialler.dial(t, server)
  assert.equal(await plain.hears(10), '220 ready\n')
  await server.beforeTls('secure')
  const { host, port } = server
  const socket = connect({ host, port, ca: authority.cert })
  t.after(() => socket.destroy())
  await once(socket, 'secureConnect')
  assert.equal(await new Dialler(socket).ask('hello'), 'hello')
})

test('it refuses, and listens again on the same port', { timeout }, async (t) => {
  await using server = await RudeProcess.start()
  await server.refuse()
  await assert.rejects(Dialler.dial(t, server), { code: 'ECONNREFUSED' })
  await server.listen()
  assert.equal(await (await Dialler.dial(t, server)).ask('again'), 'again')
})

test('it acts while this process is blocked, and nobody has noticed before the loop goes on', {
  timeout,
}, async (t) => {
  await using server = await RudeProcess.start()
  const clients = [await Dialler.dial(t, server), await Dialler.dial(t, server)]
  await server.holds(2)
  const begun = performance.now()
  server.doWhileBlocked({ write: 'late' }, 50)
  assert.ok(performance.now() - begun >= 50)
  server.doWhileBlocked('end')
  assert.deepEqual(
    clients.map(({ received, fate }) => received + fate),
    ['', ''],
  )
  await turns(3)
  assert.deepEqual(
    clients.map(({ received, fate }) => received + fate),
    ['lateFIN', 'lateFIN'],
  )
})

test('what this process and it tell each other by leaves no file', { timeout }, async (t) => {
  const { TMPDIR } = process.env
  const folder = mkdtempSync(join(tmpdir(), 'connpool-rude-'))
  t.after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR
    else process.env.TMPDIR = TMPDIR
    rmSync(folder, { recursive: true, force: true })
  })
  process.env.TMPDIR = folder
  const server = await RudeProcess.start()
  server.doWhileBlocked('end')
  const during = readdirSync(folder).filter((name) => name.startsWith('connpool'))
  await server.close()
  const after = readdirSync(folder).filter((name) => name.startsWith('connpool'))
  assert.deepEqual([during.length, after.length], [1, 0])
})

test('what it cannot do while this process is blocked it refuses at once', {
  timeout,
  skip: withSignals,
}, async () => {
  await using server = await RudeProcess.start()
  await server.stop()
  assert.throws(() => server.doWhileBlocked('end'), /it is stopped/)
  await server.kill()
  assert.throws(() => server.doWhileBlocked('end'), /it is dead/)
})

test('stopped, it is dialled and written to without an answer until it continues', {
  timeout,
  skip: withSignals,
}, async (t) => {
  await using server = await RudeProcess.start()
  const early = await Dialler.dial(t, server)
  assert.equal(await early.ask('a'), 'a')
  for (let round = 0; round < 20; round++) {
    await server.stop()
    if (process.platform === 'linux') assert.equal(stateOf(server.pid), 'T')
    const heard = early.received
    const late = await Dialler.dial(t, server)
    early.socket.write('b')
    late.socket.write('c')
    const held = server.holds(round + 2)
    await turns(20)
    assert.deepEqual([early.received, late.received], [heard, ''])
    await server.continue()
    await held
    assert.equal(await late.hears(1), 'c')
    assert.equal(await early.hears(round + 2), `${heard}b`)
  }
  await server.continue()
})

test('it is closed while it is stopped', { timeout, skip: withSignals }, async (t) => {
  const server = await RudeProcess.start()
  const client = await Dialler.dial(t, server)
  await server.holds(1)
  await server.stop()
  await server.close()
  assert.match(await client.ends(), /FIN|ECONNRESET/)
  await assert.rejects(server.restart(), /the server is closed/)
})

test('killed, it refuses and has let go of its connections; it comes back on the same port', {
  timeout,
}, async (t) => {
  await using server = await RudeProcess.start({ behaviour: greeting })
  const { pid, port } = server
  for (let round = 0; round < 2; round++) {
    const client = await Dialler.dial(t, server)
    await server.holds(1)
    const waiting = assert.rejects(server.holds(5), /process ended with SIGKILL/)
    await server.kill()
    await waiting
    assert.match(await client.ends(), /FIN|ECONNRESET/)
    await assert.rejects(Dialler.dial(t, server), { code: 'ECONNREFUSED' })
    for (const told of [server.holds(0), server.continue(), server.behave('echo')]) {
      await assert.rejects(told, /has no process: restart it/)
    }
    await server.restart()
    assert.equal(server.port, port)
    assert.notEqual(server.pid, pid)
  }
  assert.equal(await (await Dialler.dial(t, server)).hears(10), '220 ready\n')
})

test('it comes back while it lives, too, and on a path', { timeout }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'connpool-rude-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const path = process.platform === 'win32' ? `\\\\.\\pipe\\${folder}` : join(folder, 'socket')
  const server = await RudeProcess.start({ path })
  assert.equal(server.address, path)
  await server.restart()
  assert.equal(await (await Dialler.dial(t, { path })).ask('path'), 'path')
  await server.close()
  await assert.rejects(Dialler.dial(t, { path }), { code: 'ENOENT' })
})

test('it does not start where another one listens, and leaves no process', {
  timeout,
}, async () => {
  await using server = await RudeProcess.start()
  await assert.rejects(RudeProcess.start({ port: server.port }), { code: 'EADDRINUSE' })
  const tls = { SNICallback: () => {} }
  await assert.rejects(RudeProcess.start({ tls }), /could not be cloned/)
})

for (const ending of ['is killed', 'exits while it is stopped'] as const) {
  test(`it ends with a process that ${ending}`, { timeout, skip: withSignals }, async (t) => {
    const scene = fileURLToPath(new URL('./support/left-behind.ts', import.meta.url))
    const parent = fork(scene)
    t.after(() => parent.kill('SIGKILL'))
    const [port] = await once(parent, 'message')
    const client = await Dialler.dial(t, { host: '127.0.0.1', port })
    const exited = once(parent, 'exit')
    if (ending === 'is killed') parent.kill('SIGKILL')
    else parent.send('stop it and exit')
    await exited
    assert.match(await client.ends(), /FIN|ECONNRESET/)
  })
}

/** What Linux says a process does: `T`, it is stopped. */
function stateOf(pid: number | undefined): string | undefined {
  return /\) (\w)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1'))?.[1]
}
