import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { compileEach } from './compile.ts'
import type { KnownFault } from './other-pools.ts'

const src = fileURLToPath(new URL('../../src', import.meta.url))

/**
 * The module of each fault with the fault in it, by its path.
 * @throws Error when what it replaces is not there exactly once.
 */
export function plant(faults: readonly KnownFault[], root: string): Record<string, string>[] {
  const [sources, outcomes] = [join(root, 'planted'), join(root, 'planted-compiled')]
  const files = faults.map((fault, index) => {
    const path = join(sources, String(index), `${fault.file}.ts`)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, withFault(fault, readFileSync(join(src, `${fault.file}.ts`), 'utf8')))
    return path
  })
  compileEach(files, sources, outcomes)
  return faults.map(({ file }, index) => {
    const code = readFileSync(join(outcomes, String(index), `${file}.js`), 'utf8')
    return { [`src/${file}.js`]: code }
  })
}

function withFault({ name, file, from, to }: KnownFault, source: string): string {
  const count = source.split(from).length - 1
  if (count === 1) return source.replace(from, () => to)
  throw new Error(`"${name}" cannot be planted: it is ${count} times in ${file}.ts:\n${from}`)
}
