import { readdirSync, readFileSync } from 'node:fs'

/**
 * Sends a signal to a process and to all that descend from it. Where there is no /proc, to the process alone. Who is gone by
 * then is passed over.
 * @param {number} pid @param {'SIGKILL' | 'SIGSTOP' | 'SIGCONT'} signal
 */
export function signalFamily(pid, signal) {
  const family = new Set([pid])
  for (const member of family) {
    // One that stands still starts no others, and whoever it started is still its own.
    if (signal !== 'SIGCONT') send(member, 'SIGSTOP')
    for (const child of childrenOf(member)) family.add(child)
  }
  if (signal === 'SIGSTOP') return
  for (const member of family) send(member, signal)
}

/** @param {number} pid @returns {number[]} */
function childrenOf(pid) {
  return processes().flatMap((each) => (parentOf(each) === pid ? [each] : []))
}

function processes() {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger)
  } catch {
    return []
  }
}

/** @param {number} pid */
function parentOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Behind the name, which may hold anything, come the state and the parent.
    return Number(stat.slice(stat.lastIndexOf(')') + 1).split(' ')[2])
  } catch {
    return undefined
  }
}

/** @param {number} pid @param {NodeJS.Signals} signal */
function send(pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}
