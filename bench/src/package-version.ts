import { readFileSync } from 'node:fs'

/** The version of an installed package as its manifest has it, which not every package lets one import. '' if there is none. */
export function versionOf(packageName: string): string {
  for (let folder = entryOf(packageName); folder.pathname !== '/'; folder = new URL('..', folder)) {
    const manifest = manifestIn(folder)
    if (manifest?.name === packageName) return String(manifest.version)
  }
  return ''
}

/** The folder of what an import of the package finds. */
function entryOf(packageName: string): URL {
  try {
    return new URL('.', import.meta.resolve(packageName))
  } catch {
    return new URL('file:///')
  }
}

function manifestIn(folder: URL): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(new URL('package.json', folder), 'utf8'))
  } catch {
    return undefined
  }
}
