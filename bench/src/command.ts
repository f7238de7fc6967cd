import { progress } from './progress.ts'

/** Runs a command of this workspace. What it throws is told in a sentence after its name, and ends it with status 1. */
export async function runCommand(name: string, act: () => Promise<void>): Promise<void> {
  try {
    await act()
  } catch (error) {
    progress('')
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`)
    process.exitCode = 1
  }
}
