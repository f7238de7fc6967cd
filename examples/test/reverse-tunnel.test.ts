import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { createServer, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { netNamespace } from '@connpool/real-servers'
import { Tunnel } from '../reverse-tunnel/tunnel.ts'

const timeout = 60_000

/** A service on the loopback, which counts whom it has seen, and a tunnel to it. */
async function place(t: TestContext) {
  const seen = new Set<string>()
  const service = createServer((req, response) => {
    seen.add(req.url ?? '')
    setTimeout(() => response.end(`hello ${req.url}`), 5)
  }).listen(0, '127.0.0.1')
  await once(service, 'listening')
  const { port: servicePort } = service.address() as AddressInfo // It listens on a port.
  const tunnel = await Tunnel.open({ servicePort })
  t.after(async () => {
    await tunnel.close()
    service.closeAllConnections()
    service.close()
  })
  return { tunnel, seen }
}

/** One request on a connection of its own. @throws whatever goes wrong, by rejecting. */
function ask(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = request({ port, host: '127.0.0.1', path, agent: false }, (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (text) => {
        body += text
      })
      response.on('end', () => resolve(body))
      response.on('error', reject)
    })
    asked.on('error', reject)
    asked.end()
  })
}

test('a service on the loopback is reached through the gate', { timeout }, async (t) => {
  const { tunnel } = await place(t)
  const paths = Array.from({ length: 100 }, (_, i) => `/${i}`)
  const bodies = await Promise.all(paths.map((path) => ask(tunnel.publicPort, path)))
  assert.deepEqual(
    bodies,
    paths.map((path) => `hello ${path}`),
  )
})

test('while the agent is away requests wait, and none is lost that had not been sent', {
  timeout,
}, async (t) => {
  const { tunnel, seen } = await place(t)
  const failed: string[] = []
  const askFor = async (path: string) => {
    const body = await ask(tunnel.publicPort, path).catch(() => null)
    if (body === null) failed.push(path)
    else assert.equal(body, `hello ${path}`)
  }
  await Promise.all(Array.from({ length: 20 }, (_, i) => askFor(`/before/${i}`)))
  const during = Array.from({ length: 20 }, (_, i) => askFor(`/during/${i}`))
  await tunnel.kill('agent')
  const after = Array.from({ length: 30 }, (_, i) => askFor(`/after/${i}`))
  await tunnel.start('agent')
  await Promise.all([...during, ...after])
  // What the gate had sent on when the agent was killed is lost, and nothing else.
  for (const path of failed) assert.match(path, /^\/during\//)
  for (let i = 0; i < 30; i++) assert.ok(seen.has(`/after/${i}`))
})

test('it leads from one machine to another, on which nothing listens that could be reached', {
  timeout,
  skip: netNamespace.skip,
}, async () => {
  const script = fileURLToPath(new URL('support/two-machines.ts', import.meta.url))
  const { command, words, env } = netNamespace.seclude(
    ...[process.execPath, '--import', import.meta.resolve('tsx'), script],
  )
  const { stdout } = await promisify(execFile)(command, [...words], { env, timeout: timeout / 2 })
  assert.deepEqual(JSON.parse(stdout), {
    direct: 'ECONNREFUSED',
    throughTheGate: 'hello from behind',
  })
})

test('when the gate was killed the agent comes back to the next one by itself', {
  timeout,
}, async (t) => {
  const { tunnel } = await place(t)
  assert.equal(await ask(tunnel.publicPort, '/one'), 'hello /one')
  await tunnel.kill('gate')
  await assert.rejects(ask(tunnel.publicPort, '/two'), /ECONNREFUSED/)
  await tunnel.start('gate')
  const bodies = await Promise.all([3, 4, 5].map((path) => ask(tunnel.publicPort, `/${path}`)))
  assert.deepEqual(bodies, ['hello /3', 'hello /4', 'hello /5'])
})
