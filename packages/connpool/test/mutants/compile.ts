import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const tsc = join(fileURLToPath(import.meta.resolve('typescript/package.json')), '../bin/tsc')
const project = fileURLToPath(new URL('tsconfig.commonjs.json', import.meta.url))

/** A folder with the library and its tests as CommonJS, until this process ends. */
export function compile(): string {
  const folder = mkdtempSync(join(tmpdir(), 'connpool-mutants-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  run('-p', project, '--outDir', folder)
  return folder
}

/** Files of TypeScript, each by itself, as CommonJS below a folder that mirrors `root`. */
export function compileEach(files: readonly string[], root: string, folder: string): void {
  const one = ['--ignoreConfig', '--noCheck', '--noResolve', '--rewriteRelativeImportExtensions']
  const as = ['--module', 'commonjs', '--moduleResolution', 'bundler', '--target', 'es2022']
  run(...one, ...as, '--rootDir', root, '--outDir', folder, ...files)
}

function run(...flags: string[]): void {
  const { status } = spawnSync(process.execPath, [tsc, ...flags], {
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  if (status !== 0) throw new Error(`it did not compile: tsc ${flags.join(' ')}`)
}
