// Between a test and its server: runs the server as often as it is told, and ends it when the channel to the test's process
// closes. That happens whichever way that process ends, also when it is killed.
//
// Argument: the server's folder, which is removed at last. Told: the words of a command, and who runs it. Tells, in the order
// in which it happened: { pid }, { said } and { ended }.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { signalFamily } from './family.mjs'

const folder = process.argv[2] ?? ''
/** @type {import('node:child_process').ChildProcess | undefined} */
let server

/** @typedef {{ words: string[], owner?: import('./owner.ts').Owner }} Order */

process.on('message', (/** @type {Order} */ { words: [command = '', ...words], owner }) => {
  const started = spawn(command, words, { ...owner, stdio: ['ignore', 'pipe', 'pipe'] })
  server = started
  let end = ''
  for (const stream of [started.stdout, started.stderr]) {
    stream.setEncoding('utf8').on('data', (/** @type {string} */ said) => tell({ said }))
  }
  started.on('spawn', () => tell({ pid: started.pid }))
  started.on('error', (error) => {
    end = error.message
  })
  started.on('close', (code, signal) => {
    server = undefined
    tell({ ended: end || String(signal ?? code) })
    if (!process.connected) leave()
  })
})

process.on('disconnect', () => {
  if (server?.pid === undefined) leave()
  else signalFamily(server.pid, 'SIGKILL')
})

// Interrupted together with the test, it still has a server to end.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => {})

/** @param {{ pid: number | undefined } | { said: string } | { ended: string }} news */
function tell(news) {
  // The channel may close while something is under way in it: that is no error, there is nobody to hear of it.
  if (process.connected) process.send?.(news, () => {})
}

function leave() {
  rmSync(folder, { recursive: true, force: true })
  process.exit()
}
