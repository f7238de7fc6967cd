import { closeSync, openSync } from 'node:fs'
import { createServerPool } from '../../../src/server/index.ts'

// The process of descriptors.test.ts: a server pool in a process that may open few descriptors. It takes all of
// them, tells the port, and gives them back when it is told to; then it tells what it counted and how long it computed.

const pool = createServerPool({ name: 'short', host: '127.0.0.1', port: 0 })
await pool.ready()
const taken: number[] = []
try {
  for (;;) taken.push(openSync('/dev/null', 'r'))
} catch {
  // There are no more.
}
const before = process.cpuUsage()
process.send?.({ address: pool.address() })
process.on('message', () => {
  const { user, system } = process.cpuUsage(before)
  for (const descriptor of taken.splice(0)) closeSync(descriptor)
  process.send?.({ cpuMs: (user + system) / 1_000, opened: pool.stats().opened })
})
