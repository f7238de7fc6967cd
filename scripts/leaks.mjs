// Loaded in front of every test file: a file fails when, after its last test, it leaves something behind.
//
// What holds the process (a server, a socket, a timer, a child) is seen by still being here: after the last test the
// file's own `after` hooks get GRACE_MS to close things, then what is left is named and the process ends with 1.
// A socket that does not hold the process (an idle one, unref'd by a pool) is seen when the process exits.
import { subscribe } from 'node:diagnostics_channel'
import { writeSync } from 'node:fs'
import { after } from 'node:test'
import { isMainThread } from 'node:worker_threads'

const GRACE_MS = Number(process.env.CONNPOOL_TEST_GRACE_MS ?? 2_000)

// Not in workers, nor in the processes that a test starts with fork(): only in the test file itself.
if (isMainThread && process.argv[1]?.endsWith('.test.ts')) {
  /** @type {Set<WeakRef<import('node:net').Socket>>} Weak: what a test drops must stay collectable. */
  const sockets = new Set()
  /** @param {unknown} message */
  const remember = (message) => {
    const { socket } = /** @type {{ socket: import('node:net').Socket }} */ (message)
    const ref = new WeakRef(socket)
    sockets.add(ref)
    socket.once('close', () => sockets.delete(ref))
  }
  subscribe('net.client.socket', remember)
  subscribe('net.server.socket', remember)

  after(() => {
    setTimeout(() => {
      const left = process.getActiveResourcesInfo().filter((name) => name !== 'TTYWrap')
      complain(`still open ${GRACE_MS} ms after the last test: ${left.join(', ') || 'unknown'}`)
      process.exit(1)
    }, GRACE_MS).unref()
  })

  process.on('exit', (code) => {
    if (code !== 0) return
    const open = [...sockets].flatMap((ref) => {
      const socket = ref.deref()
      return socket && !socket.destroyed ? [name(socket)] : []
    })
    if (open.length === 0) return
    complain(`${open.length} sockets open at exit: ${open.slice(0, 5).join(', ')}`)
    process.exitCode = 1
  })
}

/** @param {import('node:net').Socket} socket */
function name(socket) {
  return `${socket.localAddress}:${socket.localPort} -> ${socket.remoteAddress}:${socket.remotePort}`
}

/** @param {string} what */
function complain(what) {
  writeSync(2, `leak: ${what}\n`)
}
