import { execFile } from 'node:child_process'
import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)
const extension = extname(import.meta.url)

/**
 * Runs a module of this folder in a process of its own and answers the figures that it prints. Throws an error whose message says
 * why there are none.
 */
export async function figuresOf(
  module: string,
  order: { readonly flags: readonly string[]; readonly args: readonly string[] },
): Promise<unknown> {
  const file = fileURLToPath(new URL(`./${module}${extension}`, import.meta.url))
  // Our own flags go along: they hold the loader when all this is run from its TypeScript source.
  const args = [...process.execArgv, ...order.flags, file, ...order.args]
  try {
    const { stdout } = await run(process.execPath, args, { timeout: 60_000 })
    return JSON.parse(stdout)
  } catch (error) {
    throw new Error(reason(error), { cause: error })
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
