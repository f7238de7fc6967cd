import { open } from 'node:fs/promises'
import { resolve } from 'node:path'

/** A path as it was meant where the command was typed: npm runs a workspace's script in the workspace. */
export function typedPath(path: string): string {
  const { INIT_CWD: typedIn = process.cwd() } = process.env
  return resolve(typedIn, path)
}

/**
 * Opens the file of `--json`, before minutes are spent on figures that could not be written, and answers what writes them.
 * Without a path that does nothing. Throws a sentence.
 */
export async function openFigures(
  path: string | undefined,
): Promise<(figures: unknown) => Promise<void>> {
  if (path === undefined) return async () => {}
  const target = typedPath(path)
  try {
    const file = await open(target, 'w')
    return async (figures) => {
      await file.writeFile(`${JSON.stringify(figures, null, 2)}\n`)
      await file.close()
    }
  } catch (error) {
    throw new Error(`--json: cannot write ${target} (${codeOf(error)})`, { cause: error })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}
