import { createRequire } from 'node:module'

/** The version of an installed package as its manifest has it. */
export function versionOf(packageName: string): string {
  const manifest: unknown = createRequire(import.meta.url)(`${packageName}/package.json`)
  if (typeof manifest === 'object' && manifest !== null && 'version' in manifest) {
    return String(manifest.version)
  }
  throw new Error(`the manifest of ${packageName} has no version`)
}
