import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { Crew } from '../src/crew.ts'

test('a child that cannot do its work says why', async () => {
  // A port that was free a moment ago, on which now nobody listens.
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  server.close()
  await once(server, 'close')

  const crew = new Crew(new AbortController().signal)
  await assert.rejects(crew.hire('load', { port, connections: 1 }), {
    name: 'DemoError',
    message: /^The load process failed: connect ECONNREFUSED/,
  })
  await crew.dismiss()
})

test('an abort reaches whatever waits, with its reason', async () => {
  const stop = new AbortController()
  const crew = new Crew(stop.signal)
  await crew.hire('api', { delayMs: 0 })
  const watching = assert.rejects(crew.watch(60_000), (reason) => reason === 'SIGINT')
  stop.abort('SIGINT')
  await watching
  await assert.rejects(crew.hire('api', { delayMs: 0 }), (reason) => reason === 'SIGINT')
  await crew.dismiss()
})

test('a crew that is dismissed twice, or hired nobody, is gone at once', async () => {
  const crew = new Crew(new AbortController().signal)
  await crew.dismiss()
  await crew.dismiss()
})
