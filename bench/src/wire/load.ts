import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Fault } from '../fault.ts'

const run = promisify(execFile)

export const loads = ['autocannon', 'wrk'] as const

/** A program that makes requests, each in a process of its own. */
export type LoadName = (typeof loads)[number]

export interface LoadTerms {
  /** Where on loopback. */
  readonly port: number
  /** Clients that each ask again once they are answered. */
  readonly clients: number
  readonly seconds: number
}

/** What the clients saw. */
export interface LoadFigures {
  readonly perSecond: number
  /** Requests without an answer of 200. */
  readonly failed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
}

/** Puts load on a server for so long. Throws a sentence where the program cannot. */
export async function putLoad(name: LoadName, terms: LoadTerms): Promise<LoadFigures> {
  switch (name) {
    case 'autocannon':
      return await autocannon(terms)
    case 'wrk':
      return await wrk(terms)
  }
  return name satisfies never
}

async function autocannon({ port, clients, seconds }: LoadTerms): Promise<LoadFigures> {
  const program = fileURLToPath(import.meta.resolve('autocannon'))
  const asked = ['-c', String(clients), '-d', String(seconds), '-L', '100', '--json', '-n']
  const printed = await outputOf(process.execPath, [program, ...asked, urlOf(port)], seconds)
  // What its own documentation says it prints; anything else shows as NaN.
  const { latency, duration, ...counts } = JSON.parse(printed) as Record<string, number> & {
    readonly latency: Readonly<Record<string, number>>
  }
  const { '2xx': answered = NaN, non2xx = NaN, errors = NaN, timeouts = NaN } = counts
  const { p50 = NaN, p99 = NaN, p99_9 = NaN } = latency
  return {
    perSecond: answered / (duration ?? NaN),
    failed: non2xx + errors + timeouts,
    p50Ms: p50,
    p99Ms: p99,
    p999Ms: p99_9,
  }
}

/** wrk tells no 99.9th percentile by itself, but lets a script ask for it. All is in microseconds. */
const script = `
function done(summary, latency, requests)
  local e = summary.errors
  local failed = e.connect + e.read + e.write + e.status + e.timeout
  local answered = summary.requests - e.status
  io.write(string.format(
    '{"perSecond":%f,"failed":%d,"p50Ms":%f,"p99Ms":%f,"p999Ms":%f}\\n',
    answered * 1e6 / summary.duration, failed,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, latency:percentile(99.9) / 1e3))
end
`

async function wrk({ port, clients, seconds }: LoadTerms): Promise<LoadFigures> {
  const folder = await mkdtemp(join(tmpdir(), 'connpool-wrk-'))
  try {
    const file = join(folder, 'figures.lua')
    await writeFile(file, script)
    // It knows whole seconds only.
    const duration = `${Math.max(1, Math.round(seconds))}s`
    const asked = ['-t', '1', '-c', String(clients), '-d', duration, '-s', file, urlOf(port)]
    const printed = await outputOf('wrk', asked, seconds)
    const figures = /^\{.*\}$/m.exec(printed)?.[0]
    if (figures === undefined) throw new Fault('wrk gave no figures')
    return JSON.parse(figures)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function urlOf(port: number): string {
  return `http://127.0.0.1:${port}/pay`
}

async function outputOf(program: string, args: string[], seconds: number): Promise<string> {
  try {
    const { stdout } = await run(program, args, { timeout: (seconds + 30) * 1_000 })
    return stdout
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    const why = missing ? 'is not on the PATH' : `failed: ${error}`
    throw new Error(`the program for load, ${program}, ${why}`, { cause: error })
  }
}
