import { closeSync, existsSync, openSync, unlinkSync, writeFileSync } from 'node:fs'
import { DemoError } from './demo-error.ts'
import { FlagError } from './flags.ts'

/**
 * Finds out whether `path` can be written, before a run whose figures would be lost; leaves no trace.
 * @throws FlagError
 */
export function proveWritable(path: string): void {
  const existed = existsSync(path)
  try {
    closeSync(openSync(path, 'a'))
    if (!existed) unlinkSync(path)
  } catch (error) {
    throw new FlagError(`--json ${path} cannot be written: ${reason(error)}.`)
  }
}

/** @throws DemoError when the file can no longer be written. */
export function writeJson(path: string, value: unknown): void {
  try {
    writeFileSync(path, `${JSON.stringify(value, null, 2)}\n`)
  } catch (error) {
    throw new DemoError(`--json ${path} cannot be written: ${reason(error)}.`)
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
