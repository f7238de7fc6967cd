import { execFile } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Entrant } from './roster.ts'
import type { Instrument } from './trial.ts'
import type { Work } from './work.ts'

const run = promisify(execFile)
const extension = extname(import.meta.url)
const child = fileURLToPath(new URL(`./trial-child${extension}`, import.meta.url))

/** Time is taken with the heap that Node has by default: the collections a pool causes are part of its price. */
const heap: Record<Instrument, readonly string[]> = {
  time: [],
  weigh: ['--min-semi-space-size=128', '--max-semi-space-size=128'],
}

/**
 * Runs one trial in a process of its own, so that no contestant inherits another's heap or compiled code. Throws a sentence that
 * says who failed at what, and why.
 */
export async function spawnTrial(
  entrant: Entrant,
  work: Work,
  instrument: Instrument,
  quick: boolean,
): Promise<number> {
  // Our own flags go along: they hold the loader when all this is run from its TypeScript source.
  const flags = [...process.execArgv, '--expose-gc', ...heap[instrument]]
  const order = [entrant.name, work.name, instrument, quick ? 'quick' : 'full']
  try {
    const { stdout } = await run(process.execPath, [...flags, child, ...order], { timeout: 60_000 })
    return JSON.parse(stdout)
  } catch (error) {
    throw new Error(`${entrant.name} failed at ${work.name}: ${reason(error)}`, { cause: error })
  }
}

/** Why a child failed: what it threw, or how it ended. */
function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { killed, stderr } = error as Error & Partial<Record<string, unknown>>
  if (killed === true) return 'it did not end within a minute'
  const thrown = /^(?:\w*Error|Fault): .*$/m.exec(String(stderr))
  return thrown?.[0] ?? error.message
}
