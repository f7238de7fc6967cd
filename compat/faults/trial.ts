import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { netNamespace } from '@connpool/real-servers'
import type { Fault } from './fault.ts'
import type { Findings } from './findings.ts'
import type { Server } from './programme.ts'
import type { Told } from './trial-child.ts'

const CHILD = fileURLToPath(new URL('./trial-child.ts', import.meta.url))
const PLAYING_MS = 60_000
const LEAVING_MS = 5_000

/** What came of a trial. `ended`: how its process ended instead of by itself and without complaint. */
export interface Outcome {
  readonly findings?: Findings
  readonly ended?: string
}

/** Does that to a server of that kind, in a process of its own, and if it is done to the network, in a network of its own. */
export function trial(server: Server, fault: Fault, lastsMs = fault.lastsMs): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = start([server.name, fault.name, String(lastsMs)], fault.apart === true)
    let told: Told | undefined
    let stopped: string | undefined
    let stderr = ''
    const stopAfter = (ms: number, why: string) =>
      setTimeout(() => {
        stopped = why
        child.kill('SIGKILL')
      }, ms)
    let timer = stopAfter(PLAYING_MS, 'never gets done')
    child.stderr?.on('data', (text) => {
      stderr += text
    })
    child.on('message', (message: Told) => {
      told = message
      clearTimeout(timer)
      timer = stopAfter(LEAVING_MS, 'does not end by itself')
    })
    child.on('error', reject)
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      if (told !== undefined && 'failure' in told) reject(new Error(told.failure))
      else {
        const end = code === 0 ? undefined : `${signal ?? code}: ${stderr}`
        const ended = stopped ?? (told === undefined ? `no report: ${stderr}` : end)
        resolve({ ...told, ...(ended !== undefined && { ended }) })
      }
    })
  })
}

function start(args: readonly string[], apart: boolean): ChildProcess {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const node = [process.execPath, '--import', import.meta.resolve('tsx'), CHILD, ...args] as const
  const [command, ...words] = node
  const how = apart ? netNamespace.seclude(...node) : { command, words, env }
  return spawn(how.command, how.words, {
    env: how.env,
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    // JSON knows no Infinity.
    serialization: 'advanced',
  })
}
