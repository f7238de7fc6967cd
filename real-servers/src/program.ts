import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const USUAL_PLACES = ['/usr/local/bin', '/usr/local/sbin', '/usr/bin', '/usr/sbin', '/bin', '/sbin']

/** The path of an installed program: on PATH, where a system keeps its daemons, or in a folder of its own in /usr/lib. */
export function findProgram(name: string): string | undefined {
  const path = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')
  return find(name, [...path, ...USUAL_PLACES]) ?? find(name, ownFolders())
}

function find(name: string, folders: readonly string[]): string | undefined {
  return folders.map((folder) => join(folder, name)).find(isExecutable)
}

/** Such as /usr/lib/postgresql/15/bin. */
function ownFolders(): string[] {
  const homes = foldersIn('/usr/lib')
  return [...homes, ...homes.flatMap(foldersIn)].map((home) => join(home, 'bin'))
}

function foldersIn(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(folder, entry.name))
  } catch {
    return []
  }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
