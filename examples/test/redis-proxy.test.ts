import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { anyRedis, ownRedis, type ServerProcess } from '@connpool/real-servers'
import { createClient } from '@redis/client'
import type { Pool, TcpPoolSettings } from 'connpool'
import { createRedisPool } from '../redis-proxy/redis-pool.ts'
import { RedisProxy } from '../redis-proxy/redis-proxy.ts'

const timeout = 20_000
const skip = ownRedis.skip

interface Scene {
  readonly redis: ServerProcess
  readonly pool: Pool<Socket>
  readonly proxy: RedisProxy
  readonly port: number
}

/** A Redis and a proxy with one connection, so that each session gets that of the one before. */
async function scene(
  t: TestContext,
  { password, ...settings }: TcpPoolSettings & { readonly password?: string } = {},
): Promise<Scene> {
  const login = password === undefined ? {} : { password }
  const redis = await ownRedis.start(t, login)
  const { host, port } = redis
  const pool = createRedisPool({ host, port, ...login }, { max: 1, ...settings })
  const proxy = await RedisProxy.start(pool)
  t.after(() => proxy.close({ graceMs: 0 }))
  return { redis, pool, proxy, port: proxy.port }
}

/** A real client, which does not connect again by itself. */
async function client(t: TestContext, port: number, RESP: 2 | 3 = 3) {
  const made = createClient({ socket: { port, host: '127.0.0.1', reconnectStrategy: false }, RESP })
  made.on('error', () => {})
  t.after(() => made.isOpen && made.destroy())
  await made.connect()
  return made
}

/** Somebody at a terminal: says what is to be sent, and hears what comes. */
class Terminal {
  readonly #socket: Socket
  #heard = ''

  constructor(t: TestContext, port: number) {
    this.#socket = connect(port, '127.0.0.1')
    this.#socket.on('error', () => {})
    this.#socket.setEncoding('latin1').on('data', (text) => {
      this.#heard += text
    })
    t.after(() => this.#socket.destroy())
  }

  say(...command: string[]): void {
    this.write(
      `*${command.length}\r\n${command.map((word) => `$${word.length}\r\n${word}\r\n`).join('')}`,
    )
  }

  write(text: string): void {
    this.#socket.write(text, 'latin1')
  }

  /** What came since it was last asked, once it looks like that. */
  async hear(shape: RegExp): Promise<string> {
    while (!shape.test(this.#heard)) {
      if (this.#socket.readableEnded) throw new Error(`it ended after "${this.#heard}"`)
      await Promise.race([once(this.#socket, 'data'), once(this.#socket, 'end')])
    }
    const heard = this.#heard
    this.#heard = ''
    return heard
  }

  /** Says it and hears one line. */
  async ask(...command: string[]): Promise<string> {
    this.say(...command)
    return await this.hear(/\n$/)
  }

  async ended(): Promise<string> {
    if (!this.#socket.readableEnded) await once(this.#socket, 'end')
    return this.#heard
  }

  leave(): void {
    this.#socket.end()
  }
}

/** What Redis knows of the connection that a session has. */
async function connectionOf(t: TestContext, port: number): Promise<Record<string, string>> {
  const terminal = new Terminal(t, port)
  terminal.say('CLIENT', 'INFO')
  const info = await terminal.hear(/resp=\d/)
  terminal.leave()
  return Object.fromEntries(
    [...info.matchAll(/(\S+)=(\S*)/g)].map(([, key, value]) => [key, value]),
  )
}

/** Resolves with the reason when a lease ends: none where it was released sound. */
function released(pool: Pool<Socket>): Promise<string | undefined> {
  return new Promise((resolve) => pool.once('release', ({ reason }) => resolve(reason)))
}

test('many sessions share a few connections', { timeout, skip: anyRedis.skip }, async (t) => {
  const pool = createRedisPool(await anyRedis.find(t), { max: 4 })
  const proxy = await RedisProxy.start(pool)
  t.after(() => proxy.close({ graceMs: 0 }))
  const key = `connpool:${randomUUID()}`
  await Promise.all(
    Array.from({ length: 40 }, async (_, i) => {
      const redis = await client(t, proxy.port, i % 2 === 0 ? 2 : 3)
      for (let step = 0; step < 5; step++) await redis.incr(key)
      await redis.close()
    }),
  )
  const redis = await client(t, proxy.port)
  assert.equal(await redis.getDel(key), '200')
  await redis.close()
  const { opened, hits, acquires } = pool.stats()
  assert.equal(acquires, 41)
  assert.ok(opened <= 4, `${opened} opened`)
  assert.ok(hits >= 37)
})

const leftovers: Record<string, string[][]> = {
  'an open transaction': [['MULTI'], ['SET', 'k', 'theirs']],
  'a watched key': [['WATCH', 'k']],
  'another database': [['SELECT', '5']],
  'a name': [['CLIENT', 'SETNAME', 'theirs']],
  'another protocol': [['HELLO', '3']],
  'a cache that is told of changes': [
    ['HELLO', '3'],
    ['CLIENT', 'TRACKING', 'ON', 'BCAST'],
  ],
  'a failed command': [['NO', 'SUCH', 'COMMAND']],
}

for (const [what, commands] of Object.entries(leftovers)) {
  test(`a session finds nothing of the one before: ${what}`, { timeout, skip }, async (t) => {
    const { pool, port } = await scene(t)
    const { id } = await connectionOf(t, port)
    const before = new Terminal(t, port)
    for (const command of commands) await before.ask(...command)
    const left = released(pool)
    before.leave()
    assert.equal(await left, undefined)
    const { id: again, db, name, multi, flags, resp } = await connectionOf(t, port)
    assert.deepEqual(
      { db, name, multi, flags, resp },
      { db: '0', name: '', multi: '-1', flags: 'N', resp: '2' },
    )
    assert.equal(again, id, 'the connection is the same')
    const after = await client(t, port)
    await after.set('k', 'ours')
    assert.equal(await after.get('k'), 'ours')
    assert.deepEqual(await after.multi().set('k', 'more').get('k').exec(), ['OK', 'more'])
    assert.equal(pool.stats().opened, 1)
  })
}

const doubts: Record<string, (terminal: Terminal) => Promise<unknown> | undefined> = {
  'half a command': (terminal) => {
    terminal.write('*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$100\r\nhalf a va')
    return undefined
  },
  'a reply that is owed': (terminal) => {
    terminal.say('BLPOP', 'list', '0')
    return undefined
  },
  'a subscription': (terminal) => terminal.ask('SUBSCRIBE', 'news'),
  'one that was ended': async (terminal) => {
    await terminal.ask('SUBSCRIBE', 'news')
    await terminal.ask('UNSUBSCRIBE', 'news')
  },
  'every command of everybody': (terminal) => terminal.ask('MONITOR'),
  'no replies': (terminal) => {
    terminal.say('CLIENT', 'REPLY', 'OFF')
    return undefined
  },
  'commands in plain lines': (terminal) => {
    terminal.write('\r\nPING\r\n')
    return terminal.hear(/PONG/)
  },
}

for (const [what, act] of Object.entries(doubts)) {
  test(`a connection in doubt is closed: ${what}`, { timeout, skip }, async (t) => {
    const { pool, port } = await scene(t)
    const { id } = await connectionOf(t, port)
    const terminal = new Terminal(t, port)
    await terminal.ask('SET', 'k', 'sound')
    await act(terminal)
    const left = released(pool)
    terminal.leave()
    assert.equal(await left, 'destroyed')
    assert.notEqual((await connectionOf(t, port)).id, id)
    const after = await client(t, port)
    assert.equal(await after.get('k'), 'sound')
  })
}

test('a client that waited for an element and left does not get it', {
  timeout,
  skip,
}, async (t) => {
  const { redis, pool, port } = await scene(t, { max: 2 })
  const admin = await client(t, redis.port)
  const waiting = new Terminal(t, port)
  await waiting.ask('PING')
  waiting.say('BLPOP', 'list', '0')
  while (!(await admin.info('clients')).includes('blocked_clients:1')) await admin.ping()
  const left = released(pool)
  waiting.leave()
  await left
  while (!(await admin.info('clients')).includes('blocked_clients:0')) await admin.ping()
  await admin.lPush('list', 'element')
  assert.equal(await admin.lLen('list'), 1)
})

test('QUIT is answered, and does not cost the connection', { timeout, skip }, async (t) => {
  const { pool, port } = await scene(t)
  const { id } = await connectionOf(t, port)
  const alone = new Terminal(t, port)
  assert.equal(await alone.ask('PING'), '+PONG\r\n')
  alone.say('quit')
  assert.equal(await alone.ended(), '+OK\r\n')
  const behind = new Terminal(t, port)
  behind.write('*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nPING\r\n*1\r\n$4\r\nQUIT\r\n')
  assert.equal(await behind.ended(), '+PONG\r\n+PONG\r\n+OK\r\n')
  assert.equal((await connectionOf(t, port)).id, id)
  assert.equal(pool.stats().opened, 1)
})

test('subscribers hear what is published', { timeout, skip }, async (t) => {
  const { port } = await scene(t, { max: 3 })
  const publisher = await client(t, port)
  for (const RESP of [2, 3] as const) {
    const subscriber = await client(t, port, RESP)
    let hear = (_message: string): void => {}
    const heard = new Promise((resolve) => {
      hear = resolve
    })
    await subscriber.subscribe('news', (message) => hear(message))
    await publisher.publish('news', `in RESP${RESP}`)
    assert.equal(await heard, `in RESP${RESP}`)
    subscriber.destroy()
  }
})

test('a large value passes both ways, and waits in Redis for one who does not read', {
  timeout,
  skip,
}, async (t) => {
  const { redis, port } = await scene(t)
  // More than the system's buffers take.
  const value = randomUUID().repeat(1_000_000)
  const writer = await client(t, port)
  await writer.set('large', value)
  await writer.close()
  const admin = await client(t, redis.port)
  const waitingInRedis = async () =>
    [...(await admin.sendCommand<string>(['CLIENT', 'LIST'])).matchAll(/ omem=(\d+)/g)].reduce(
      (sum, [, bytes]) => sum + Number(bytes),
      0,
    )
  const slow = connect(port, '127.0.0.1')
  t.after(() => slow.destroy())
  slow.write('*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n')
  for (let asked = 0; asked < 1_000 && (await waitingInRedis()) === 0; asked++);
  for (let asked = 0; asked < 100; asked++) await admin.ping()
  assert.notEqual(await waitingInRedis(), 0)
  let heard = ''
  for await (const bytes of slow) {
    heard += bytes
    if (heard.length >= value.length + 13) break
  }
  assert.equal(heard, `$${value.length}\r\n${value}\r\n`)
})

test('when Redis is started again, sessions end, and the next ones find it', {
  timeout,
  skip,
}, async (t) => {
  const { redis, pool, port } = await scene(t, {
    max: 5,
    backoff: { initialMs: 10, maxMs: 10, failFastAfter: Infinity },
  })
  const terminals = Array.from({ length: 3 }, () => new Terminal(t, port))
  for (const terminal of terminals) assert.equal(await terminal.ask('PING'), '+PONG\r\n')
  await redis.kill()
  for (const terminal of terminals) assert.equal(await terminal.ended(), '')
  // These wait for it.
  const next = Array.from({ length: 3 }, () => new Terminal(t, port))
  const answers = Promise.all(next.map((terminal) => terminal.ask('PING')))
  while (pool.stats().connectFailures.backend === 0) await new Promise(setImmediate)
  await redis.start()
  assert.deepEqual(await answers, ['+PONG\r\n', '+PONG\r\n', '+PONG\r\n'])
})

test('while Redis is down, a client is told so at once', { timeout, skip }, async (t) => {
  const { redis, pool, port } = await scene(t, {
    backoff: { initialMs: 5_000, jitter: 0, failFastAfter: 1 },
  })
  await connectionOf(t, port)
  await redis.kill()
  for (let i = 0; i < 2; i++) {
    const terminal = new Terminal(t, port)
    terminal.say('PING')
    assert.match(
      await terminal.ended(),
      /^-ERR proxy: 127\.0\.0\.1:\d+: the backend failed .*, last: connect ECONNREFUSED .*\r\n$/,
    )
  }
  assert.equal(pool.stats().connectFailures.backend, 1)
})

test('an idle connection that Redis closed is given to no session', {
  timeout,
  skip,
}, async (t) => {
  const { redis, pool, port } = await scene(t, { max: 5 })
  const before = await Promise.all(Array.from({ length: 5 }, () => client(t, port)))
  for (const each of before) await each.ping()
  for (const each of before) each.destroy()
  while (pool.stats().idle < 5) await new Promise(setImmediate)
  const admin = await client(t, redis.port)
  const [closed] = [await admin.sendCommand(['CLIENT', 'KILL', 'TYPE', 'normal'])]
  assert.equal(closed, 5)
  const after = await Promise.all(Array.from({ length: 5 }, () => client(t, port)))
  for (const each of after) assert.equal(await each.ping(), 'PONG')
  assert.equal(pool.stats().closed.died, 5)
  assert.equal(pool.stats().opened, 10)
})

test('one that does not answer a PING is not given to a session either', {
  timeout,
  skip,
}, async (t) => {
  const { redis, pool, port } = await scene(t, { probeAfterIdleMs: 0, probeTimeoutMs: 1_000 })
  const { id } = await connectionOf(t, port)
  const { id: again } = await connectionOf(t, port)
  assert.equal(again, id)
  assert.ok(pool.stats().probes >= 1)
  while (pool.stats().idle < 1) await new Promise(setImmediate)
  const failed = new Promise((resolve) => pool.once('probeFailed', resolve))
  redis.freeze()
  const next = connectionOf(t, port)
  await failed
  redis.thaw()
  assert.notEqual((await next).id, id)
  assert.equal(pool.stats().closed.probe, 1)
})

test('sessions beyond the connections wait, and are told when it takes too long', {
  timeout,
  skip,
}, async (t) => {
  const { pool, port } = await scene(t, { acquireTimeoutMs: 1_000 })
  const first = new Terminal(t, port)
  await first.ask('PING')
  const impatient = new Terminal(t, port)
  impatient.say('PING')
  assert.match(await impatient.ended(), /^-ERR proxy: .* no connection within 1000 ms .*1 in use/)
  const second = new Terminal(t, port)
  second.say('PING')
  while (pool.stats().waiting === 0) await new Promise(setImmediate)
  first.leave()
  assert.equal(await second.hear(/\n/), '+PONG\r\n')
})

test('the proxy logs in, for every session', { timeout, skip }, async (t) => {
  const { redis, pool, port } = await scene(t, { password: 'open sesame' })
  const { id } = await connectionOf(t, port)
  assert.equal((await connectionOf(t, port)).id, id)
  assert.equal(pool.stats().resetFailures, 0)
  const guessing = createRedisPool({ host: redis.host, port: redis.port, password: 'guess' })
  t.after(() => guessing.close())
  await assert.rejects(guessing.acquire(), (error: Error & { code: string }) => {
    assert.equal(error.code, 'ERR_CONNECT_FAILED')
    assert.match(error.message, /WRONGPASS/)
    return true
  })
})

test('it closes when Redis has answered, and without the patience for what it never answers', {
  timeout,
  skip,
}, async (t) => {
  const { redis, pool, proxy, port } = await scene(t, { max: 3 })
  const [idle, busy, stuck] = [new Terminal(t, port), new Terminal(t, port), new Terminal(t, port)]
  for (const terminal of [idle, busy, stuck]) await terminal.ask('PING')
  const admin = await client(t, redis.port)
  busy.say('BLPOP', 'soon', '0')
  stuck.say('BLPOP', 'never', '0')
  while (!(await admin.info('clients')).includes('blocked_clients:2')) await admin.ping()
  const closed = proxy.close({ graceMs: 2_000 })
  assert.equal(await idle.ended(), '')
  await admin.lPush('soon', 'now')
  assert.match(await busy.ended(), /now\r\n$/)
  assert.equal(await stuck.ended(), '')
  await closed
  const { closed: reasons, open } = pool.stats()
  assert.equal(open, 0)
  assert.equal(reasons.destroyed + reasons.shutdown, 3)
})

test('nor does it wait for ever for a client that does not read', { timeout, skip }, async (t) => {
  const { redis, pool, proxy, port } = await scene(t)
  const admin = await client(t, redis.port)
  await admin.set('large', randomUUID().repeat(1_000_000))
  const deaf = connect(port, '127.0.0.1')
  t.after(() => deaf.destroy())
  deaf.write('*2\r\n$3\r\nGET\r\n$5\r\nlarge\r\n')
  while (pool.stats().inUse === 0) await new Promise(setImmediate)
  await proxy.close({ graceMs: 200 })
  assert.equal(pool.stats().open, 0)
})

test('npm run redis-proxy listens, and ends with a signal', {
  timeout,
  skip: anyRedis.skip,
}, async (t) => {
  const { host, port, username = '', password = '' } = await anyRedis.find(t)
  const login = password && `${username}:${encodeURIComponent(password)}@`
  const main = fileURLToPath(new URL('../redis-proxy/main.ts', import.meta.url))
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const child = spawn(
    process.execPath,
    [
      '--import',
      import.meta.resolve('tsx'),
      main,
      '--port=0',
      `--redis=redis://${login}${host}:${port}`,
    ],
    { env, stdio: ['ignore', 'pipe', 'inherit'] },
  )
  t.after(() => child.kill('SIGKILL'))
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  while (!said.includes('listening')) await once(child.stdout, 'data')
  const redis = await client(t, Number(/listening on 127\.0\.0\.1:(\d+)/.exec(said)?.[1]))
  assert.equal(await redis.ping(), 'PONG')
  const exited = once(child, 'close')
  child.kill('SIGTERM')
  assert.deepEqual(await exited, [0, null])
  assert.match(said, /1 sessions over 1 connections/)
})
