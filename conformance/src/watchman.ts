import { Worker } from 'node:worker_threads'

// Plain JavaScript, so that it needs no loader.
const program = `
  const { writeSync } = require('node:fs')
  const { workerData: { beats, frozenAfterMs } } = require('node:worker_threads')
  const parent = process.ppid
  const end = () => process.kill(process.pid, 'SIGKILL')
  let heard = -1
  let cpu
  setInterval(() => {
    if (process.ppid !== parent) end()
    if (beats[0] !== heard) {
      heard = beats[0]
      cpu = process.cpuUsage()
      return
    }
    const { user, system } = process.cpuUsage(cpu)
    if ((user + system) / 1000 < frozenAfterMs) return
    writeSync(2, '\\nfrozen\\n')
    end()
  }, 250)`

/**
 * A thread that ends the process when its event loop has spent `frozenAfterMs` of CPU time in one turn, and says `frozen` on
 * stderr before; CPU time, for a busy machine makes nobody's loop stand still. And when its parent is gone: a loop
 * that never turns cannot see that. It does not hold the process.
 */
export function startWatchman(frozenAfterMs: number): void {
  const beats = new Int32Array(new SharedArrayBuffer(4))
  new Worker(program, { eval: true, workerData: { beats, frozenAfterMs } }).unref()
  setInterval(() => Atomics.add(beats, 0, 1), 50).unref()
}
