import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const BIN = fileURLToPath(new URL('../src/bin.ts', import.meta.url))

/** `connpool` in a process of its own. */
export interface Running {
  readonly pid: number
  /** Signals it and its children, as Ctrl-C does. */
  signalGroup(signal: NodeJS.Signals): void
  /** Resolves once `text` was written to stderr. */
  stderrHas(text: string): Promise<void>
  /** Resolves when it has ended, and with it every process that inherited its stderr: all its children. */
  readonly ended: Promise<Ended>
}

export interface Ended {
  readonly status: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export function startConnpool(args: readonly string[]): Running {
  const child = spawn(process.execPath, ['--import', import.meta.resolve('tsx'), BIN, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, as a terminal gives it: Ctrl-C signals the whole group.
    detached: true,
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = once(child, 'close').then(([status, signal]) => ({
    status,
    signal,
    stdout,
    stderr,
  }))
  const pid = child.pid ?? 0
  return {
    pid,
    signalGroup: (signal) => process.kill(-pid, signal),
    ended,
    stderrHas: async (text) => {
      while (!stderr.includes(text)) {
        await Promise.race([
          once(child.stderr, 'data'),
          ended.then(() => {
            throw new Error(`ended without "${text}": ${stderr}`)
          }),
        ])
      }
    },
  }
}

/** Whether processes can be listed here: on Linux. */
export const canListProcesses: boolean = process.platform === 'linux'

/** The pids of the demo's children of `parent`, by role. */
export function demoChildren(parent: number): Map<string, number> {
  const found = new Map<string, number>()
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const stat = readFileSync(`/proc/${name}/stat`, 'utf8')
      const [, parentPid] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
      if (Number(parentPid) !== parent) continue
      const args = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0')
      const at = args.findIndex((arg) => arg.endsWith('child.ts'))
      if (at !== -1) found.set(args[at + 1] ?? '', Number(name))
    } catch {
      // It ended while we looked.
    }
  }
  return found
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
