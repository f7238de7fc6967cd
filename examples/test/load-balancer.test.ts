import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { type IncomingMessage, type RequestListener, request } from 'node:http'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { Backend } from '../load-balancer/backend.ts'
import { Balancer } from '../load-balancer/balancer.ts'
import { WebServer } from '../load-balancer/web-server.ts'

const timeout = 20_000
const names = ['ann', 'bob', 'cid'] as const

test('load-balancer shares out evenly, loses no request when bob is killed, and ends by itself', {
  timeout: 40_000,
}, () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      fileURLToPath(new URL('../load-balancer/main.ts', import.meta.url)),
    ],
    { encoding: 'utf8', timeout: 30_000 },
  )
  assert.equal(status, 0, stderr)
  assert.equal(stderr, '')
  const lines = stdout.trimEnd().split('\n')
  const everyone = ['ann', 'bob', 'cid']
  for (const [title, names] of [
    ['all are up', everyone],
    ['bob is killed midway', everyone],
    ['without bob', ['ann', 'cid']],
    ['bob is back', everyone],
  ] as const) {
    const line = lines.shift() ?? ''
    assert.ok(line.startsWith(`${title}: `), stdout)
    const shares = [...line.slice(title.length + 2).matchAll(/(\w+) (\d+)/g)]
    assert.deepEqual(
      shares.map(([, name]) => name),
      names,
      stdout,
    )
    assert.equal(
      shares.reduce((sum, [, , count]) => sum + Number(count), 0),
      120,
      stdout,
    )
  }
  assert.equal(lines.length, 3, stdout)
})

/** Three servers behind a balancer, which answer with their names or as they are told. */
async function balanced(
  t: TestContext,
  { answer, patience = {} }: { answer?: RequestListener; patience?: object } = {},
) {
  const servers = await Promise.all(
    names.map((name) =>
      WebServer.start(name, answer ?? ((_request, response) => void response.end(name))),
    ),
  )
  const backends = servers.map(({ name, port }) => new Backend(name, port))
  const balancer = await Balancer.start(backends, {
    connectionMs: 5_000,
    answerMs: 10_000,
    ...patience,
  })
  t.after(async () => {
    await balancer.close()
    await Promise.all(servers.map((server) => server.kill()))
  })
  const [annsServer, bobsServer, cidsServer] = servers
  const [ann, bob, cid] = backends
  assert.ok(annsServer && bobsServer && cidsServer && ann && bob && cid)
  return { port: balancer.port, servers, backends, bobsServer, ann, bob, cid }
}

interface Answer {
  readonly status: number | undefined
  readonly body: string
  readonly headers: IncomingMessage['headers']
}

/** Asks the balancer, on a connection of its own. */
async function ask(port: number, { method = 'GET', body = '', path = '/' } = {}): Promise<Answer> {
  const asked = request({ host: '127.0.0.1', port, path, method, agent: false })
  asked.end(body)
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    asked.on('response', resolve).on('error', reject)
  })
  let text = ''
  for await (const chunk of answer.setEncoding('utf8')) text += chunk
  return { status: answer.statusCode, body: text, headers: answer.headers }
}

/** Resolves when the pool tells of it. */
function told({ pool }: Backend, event: 'available' | 'unavailable' | 'close'): Promise<void> {
  return new Promise((resolve) => pool.once(event, () => resolve()))
}

async function askOften(port: number, count: number): Promise<Record<string, number>> {
  const tally: Record<string, number> = {}
  const answers = await Promise.all(Array.from({ length: count }, () => ask(port)))
  for (const { body, status } of answers) {
    const who = status === 200 ? body : String(status)
    tally[who] = (tally[who] ?? 0) + 1
  }
  return tally
}

test('requests are shared out evenly, over connections that are used again', {
  timeout,
}, async (t) => {
  const { port, backends } = await balanced(t)
  for (let i = 0; i < 10; i++) {
    assert.deepEqual(await askOften(port, 30), { ann: 10, bob: 10, cid: 10 })
  }
  for (const { pool, answered } of backends) {
    assert.equal(answered, 100)
    assert.ok(pool.stats().opened <= 10, `${pool.stats().opened} opened`)
  }
})

test('bodies arrive whole, both ways', { timeout }, async (t) => {
  const { port } = await balanced(t, {
    answer: (incoming, response) => {
      response.writeHead(201, { 'x-path': incoming.url })
      incoming.pipe(response)
    },
  })
  const body = 'x'.repeat(3_000_000)
  const answer = await ask(port, { method: 'POST', body, path: '/some?where' })
  assert.equal(answer.status, 201)
  assert.equal(answer.headers['x-path'], '/some?where')
  assert.equal(answer.body, body)
})

test('a request that a dying backend breaks off is asked of another', { timeout }, async (t) => {
  const killing: Promise<void>[] = []
  const world = await balanced(t, {
    answer: (request, response) => {
      if (request.socket.localPort === world.bobsServer.port) killing.push(world.bobsServer.kill())
      else response.end('answered')
    },
  })
  assert.deepEqual(await askOften(world.port, 12), { answered: 12 })
  assert.ok(world.bob.broken >= 1)
  await Promise.all(killing)
})

test('but not one that changes something', { timeout }, async (t) => {
  const { port, backends } = await balanced(t, { answer: ({ socket }) => socket.destroy() })
  assert.equal((await ask(port, { method: 'POST', body: 'order' })).status, 502)
  assert.equal(
    backends.reduce((sum, { broken }) => sum + broken, 0),
    1,
  )
})

test('a backend that is down is passed over, and is back by its pool’s own trial', {
  timeout,
}, async (t) => {
  const { port, bob, bobsServer } = await balanced(t)
  assert.deepEqual(await askOften(port, 9), { ann: 3, bob: 3, cid: 3 })
  const down = told(bob, 'unavailable')
  await bobsServer.kill()
  await down
  const { acquires } = bob.pool.stats()
  assert.deepEqual(await askOften(port, 10), { ann: 5, cid: 5 })
  assert.equal(bob.pool.stats().acquires, acquires, 'nobody asks it for a connection')
  const back = told(bob, 'available')
  await bobsServer.start()
  await back
  assert.equal(bob.pool.stats().acquires, acquires, 'nor had anybody to, for it to be back')
  assert.deepEqual(await askOften(port, 9), { ann: 3, bob: 3, cid: 3 })
})

test('a backend that is silent is given up for another, and its connection closed', {
  timeout,
}, async (t) => {
  const world = await balanced(t, {
    patience: { answerMs: 1_000 },
    answer: (request, response) => {
      if (request.socket.localPort !== world.bobsServer.port) response.end('answered')
    },
  })
  assert.deepEqual(await askOften(world.port, 9), { answered: 9 })
  assert.equal(world.bob.broken, 3)
  assert.equal(world.bob.pool.stats().closed.destroyed, 3)
})

test('when all are down, the client is told to come back', { timeout }, async (t) => {
  const { port, servers, backends } = await balanced(t)
  assert.deepEqual(await askOften(port, 3), { ann: 1, bob: 1, cid: 1 })
  const down = backends.map((backend) => told(backend, 'unavailable'))
  await Promise.all([...servers.map((server) => server.kill()), ...down])
  const { status, headers } = await ask(port)
  assert.equal(status, 503)
  assert.equal(headers['retry-after'], '1')
})

test('a backend that closes after each answer is none that is down', { timeout }, async (t) => {
  const { port, backends } = await balanced(t, {
    answer: (_request, response) => void response.setHeader('connection', 'close').end('answered'),
  })
  for (let i = 0; i < 10; i++) assert.deepEqual(await askOften(port, 6), { answered: 6 })
  for (const { pool, answered, broken } of backends) {
    assert.deepEqual([answered, broken], [20, 0])
    assert.equal(pool.stats().connectFailures.backend, 0)
  }
})

test('a client that leaves costs the connection that still owes its answer', {
  timeout,
}, async (t) => {
  const arrived: (() => void)[] = []
  const { port, backends } = await balanced(t, { answer: () => arrived.shift()?.() })
  const asked = request({ host: '127.0.0.1', port, agent: false })
  asked.on('error', () => {}).end()
  await new Promise<void>((resolve) => arrived.push(resolve))
  const closed = Promise.race(backends.map((backend) => told(backend, 'close')))
  asked.destroy()
  await closed
  assert.equal(
    backends.reduce((sum, { pool }) => sum + pool.stats().closed.destroyed, 0),
    1,
  )
  assert.equal(
    backends.reduce((sum, { broken }) => sum + broken, 0),
    0,
    'the backend is not to blame',
  )
})
