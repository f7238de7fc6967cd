import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { runGatewayTrial } from '../src/wire/gateway-trial.ts'
import { putLoad } from '../src/wire/load.ts'
import { Servant } from '../src/wire/servant.ts'
import { quickWireBudget } from '../src/wire/wire-budget.ts'

const { PATH: path } = process.env
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'connpool-bench-'))
})

afterEach(async () => {
  process.env.PATH = path
  await rm(folder, { recursive: true })
})

test('autocannon finds a server that answers', { timeout: 30_000 }, async () => {
  const api = await Servant.start('api-server')
  try {
    const terms = { port: api.port, clients: 3, seconds: 0.2 }
    const { perSecond, failed, p50Ms, p999Ms } = await putLoad('autocannon', terms)
    assert.ok(perSecond > 0)
    assert.equal(failed, 0)
    assert.ok(p50Ms <= p999Ms)
    assert.deepEqual(await api.figures(), { accepted: 3, mostOpen: 3 })
  } finally {
    await api.end()
  }
})

test('autocannon finds out that nobody answers', { timeout: 30_000 }, async () => {
  const echo = await Servant.start('echo-server')
  await echo.end()
  const terms = { port: echo.port, clients: 1, seconds: 0.2 }
  const { perSecond, failed } = await putLoad('autocannon', terms)
  assert.equal(perSecond, 0)
  assert.ok(failed > 0)
})

test('the figures of wrk are those that its script prints', { timeout: 30_000 }, async (t) => {
  if (process.platform === 'win32') return t.skip('needs a shell')
  const figures = { perSecond: 5.5, failed: 1, p50Ms: 2, p99Ms: 3, p999Ms: 4.25 }
  const program = `#!/bin/sh
echo "Running 2s test @ $9"
echo '${JSON.stringify(figures)}'
`
  await writeFile(join(folder, 'wrk'), program, { mode: 0o755 })
  process.env.PATH = `${folder}${delimiter}${path}`
  assert.deepEqual(await putLoad('wrk', { port: 1, clients: 1, seconds: 2 }), figures)
})

test('a wrk that is not there ends it with a sentence', { timeout: 30_000 }, async () => {
  process.env.PATH = folder
  await assert.rejects(putLoad('wrk', { port: 1, clients: 1, seconds: 1 }), {
    message: 'the program for load, wrk, is not on the PATH',
  })
})

test('a gateway that cannot start ends its trial, and no process stays', {
  timeout: 30_000,
}, async () => {
  const message = 'gateway ended too early (status 1)'
  await assert.rejects(runGatewayTrial('none', quickWireBudget), { name: 'Fault', message })
})
