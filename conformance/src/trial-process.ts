import { fork } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Row } from './row.ts'
import type { Message } from './trial-child.ts'
import type { Verdict } from './verdict.ts'

const extension = extname(import.meta.url)
const child = fileURLToPath(new URL(`./trial-child${extension}`, import.meta.url))

/** Where the child finds the pools that are compared. */
export const ourRosterUrl: string = new URL(`./roster${extension}`, import.meta.url).href

/** When to give up on a child, in ms. */
export interface Limits {
  /** CPU time of one turn of its event loop. */
  readonly frozen: number
  /** For a process that should end by itself. */
  readonly leaving: number
  /** For the row. */
  readonly playing: number
}

export const patient: Limits = { frozen: 12_000, leaving: 6_000, playing: 90_000 }

/**
 * Plays a row with a pool of that roster in a process of its own. That the process ends, freezes or never gets done is a
 * verdict, too. Rejects where it did not come to the row.
 */
export function trial(
  pool: string,
  row: Row,
  rosterUrl: string = ourRosterUrl,
  limits: Limits = patient,
): Promise<Verdict> {
  return new Promise((resolve, reject) => {
    const process = fork(child, [rosterUrl, pool, row.name, String(limits.frozen)], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    let last: Message | undefined
    let stopped: string | undefined
    let stderr = ''
    let timer = setTimeout(() => process.kill('SIGKILL'), patient.playing)
    const stopAfter = (ms: number, why: string): void => {
      clearTimeout(timer)
      timer = setTimeout(() => {
        stopped = why
        process.kill('SIGKILL')
      }, ms)
    }

    process.stderr?.on('data', (text) => {
      stderr += text
    })
    process.on('message', (message: Message) => {
      last = message
      if (message.tells === 'playing') stopAfter(limits.playing, 'never gets done')
      if (message.tells === 'leaving') stopAfter(limits.leaving, 'holds the process')
    })
    process.on('close', (code) => {
      clearTimeout(timer)
      if (last === undefined) reject(new Error(`${pool} did not come to ${row.name}: ${stderr}`))
      else if (stopped !== undefined) resolve({ is: 'fail', said: stopped })
      else if (code === 0 && 'verdict' in last) resolve(last.verdict)
      else resolve({ is: 'fail', said: endOf(stderr) })
    })
  })
}

/** Why a child ended before it was told to. */
function endOf(stderr: string): string {
  if (/^frozen$/m.test(stderr)) return 'freezes the event loop'
  const crash = /^crash: (.*)$/m.exec(stderr)?.[1]
  return crash === undefined ? 'the process ends' : `the process ends: ${crash}`
}
