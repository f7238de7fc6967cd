import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type ServerPlan, ServerProcess } from '../src/server-process.ts'

const timeout = 20_000

/** A server that greets whoever connects, with the port on which it listens. */
const greet = `
  const [port, folder] = process.argv.slice(1)
  require('node:fs').writeFileSync(folder + '/written', '')
  require('node:net')
    .createServer((socket) => socket.on('error', () => {}).write(port))
    .listen(Number(port), '127.0.0.1', () => console.log('listening'))`

function planOf(script: string, ready: ServerPlan['ready'] = /listening/): ServerPlan {
  return {
    name: 'greeter',
    command: (port, folder) => [process.execPath, '-e', script, String(port), folder],
    ready,
  }
}

test('it serves once it is started, and has a folder of its own', { timeout }, async (t) => {
  const { plan, folders } = withFolders(planOf(greet))
  const server = await ServerProcess.start(t, plan)
  assert.equal(await greetingOf(t, server.port), String(server.port))
  assert.equal(existsSync(join(folders.at(-1) ?? '', 'written')), true)
})

test('where it prints nothing, its port is asked until it answers', { timeout }, async (t) => {
  let asked = 0
  const server = await ServerProcess.start(
    t,
    planOf(greet, async (port) => {
      asked++
      return (await greetingOf(t, port)) === String(port)
    }),
  )
  assert.ok(asked >= 1)
  assert.equal(await greetingOf(t, server.port), String(server.port))
})

test('a port that is taken is given up for the next', { timeout }, async (t) => {
  const first = await ServerProcess.start(t, planOf(greet))
  const ports = [first.port, first.port]
  const second = await ServerProcess.start(t, planOf(greet), () => ports.pop() ?? first.port + 1)
  assert.equal(second.port, first.port + 1)
  assert.equal(await greetingOf(t, second.port), String(second.port))
})

test('one that ends instead of serving says why', { timeout }, async (t) => {
  const plan = planOf("console.log('no such setting'); process.exitCode = 3")
  await assert.rejects(
    ServerProcess.start(t, plan),
    /^Error: greeter ended \(3\) instead of serving:\nno such setting\n$/,
  )
  const nowhere = { ...plan, command: () => ['/no/such/program'] }
  await assert.rejects(ServerProcess.start(t, nowhere), /ENOENT/)
})

test('killed, it can be started again on its port', { timeout }, async (t) => {
  const server = await ServerProcess.start(t, planOf(greet))
  const { pid, port } = server
  const socket = await connected(t, port)
  await Promise.all([ended(socket), server.kill()])
  assert.throws(() => server.pid, /greeter does not run/)
  await server.start()
  assert.notEqual(server.pid, pid)
  assert.equal(await greetingOf(t, port), String(port))
})

test('asked to end, it may take its time, and can be started again', { timeout }, async (t) => {
  const politely = `process.on('SIGTERM', () => setImmediate(() => process.exit(7)));${greet}`
  const server = await ServerProcess.start(t, planOf(politely))
  await server.quit()
  assert.throws(() => server.pid, /greeter does not run/)
  await server.start()
  assert.equal(await greetingOf(t, server.port), String(server.port))
})

/** One that has started another, which says its number and stays. */
const parent = `
  require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)'], {
    stdio: 'ignore',
  }).on('spawn', function () {
    require('node:fs').writeFileSync(process.argv[2] + '/child', String(this.pid))
    console.log('listening')
  })`

test('its children are frozen, thawed and killed with it', {
  timeout,
  skip: process.platform !== 'linux' && 'needs /proc',
}, async () => {
  for (const ending of ['kill', 'scope'] as const) {
    const ends: (() => Promise<void>)[] = []
    const { plan, folders } = withFolders(planOf(parent))
    const server = await ServerProcess.start({ after: (end) => ends.push(end) }, plan)
    const child = Number(readFileSync(join(folders.at(-1) ?? '', 'child'), 'utf8'))
    server.freeze()
    while (stateOf(child) !== 'T') await new Promise(setImmediate)
    server.thaw()
    while (stateOf(child) === 'T') await new Promise(setImmediate)
    server.freeze()
    if (ending === 'kill') await server.kill()
    for (const end of ends) await end()
    while (!['Z', undefined].includes(stateOf(child))) await new Promise(setImmediate)
  }
})

test('frozen it is silent, and thawed it answers', { timeout }, async (t) => {
  const server = await ServerProcess.start(t, planOf(greet))
  server.freeze()
  const greeting = greetingOf(t, server.port)
  // The system connects it all the same.
  await connected(t, server.port)
  server.thaw()
  assert.equal(await greeting, String(server.port))
})

test('it ends with its scope, also when it is frozen, and its folder is removed', {
  timeout,
}, async (t) => {
  for (const frozen of [false, true]) {
    const ends: (() => Promise<void>)[] = []
    const { plan, folders } = withFolders(planOf(greet))
    const server = await ServerProcess.start({ after: (end) => ends.push(end) }, plan)
    const socket = await connected(t, server.port)
    const closed = ended(socket)
    if (frozen) server.freeze()
    for (const end of ends) await end()
    await closed
    assert.equal(existsSync(folders.at(-1) ?? ''), false)
  }
})

test('it ends when the process that started it is killed', { timeout }, async (t) => {
  const script = fileURLToPath(new URL('./orphan.ts', import.meta.url))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const parent = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), script], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const port = Number(await once(parent.stdout, 'data'))
  const socket = await connected(t, port)
  const closed = ended(socket)
  parent.kill('SIGKILL')
  await closed
})

/** As in /proc: T stands still, Z is dead; undefined: gone. */
function stateOf(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1').replace(/^.*\) /s, '')[0]
  } catch {
    return undefined
  }
}

/** Notes the folders that the server is given. */
function withFolders(plan: ServerPlan): { plan: ServerPlan; folders: string[] } {
  const folders: string[] = []
  const command = (port: number, folder: string) => {
    folders.push(folder)
    return plan.command(port, folder)
  }
  return { plan: { ...plan, command }, folders }
}

async function connected(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  socket.on('error', () => {}).resume()
  await once(socket, 'connect')
  return socket
}

/** Resolves when the connection is gone, whichever way. */
function ended(socket: Socket): Promise<void> {
  return new Promise((resolve) => socket.on('close', () => resolve()))
}

/** What the server sends first, if it can be reached. */
function greetingOf(t: TestContext, port: number): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  t.after(() => socket.destroy())
  return new Promise((resolve) => {
    socket.on('error', () => {})
    socket.on('close', () => resolve('closed'))
    socket.on('data', (bytes) => {
      resolve(String(bytes))
      socket.destroy()
    })
  })
}
