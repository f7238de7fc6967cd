import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'

export type Exports = Record<string, unknown>
export type Load = (path: string) => Exports
type Meta = Pick<ImportMeta, 'url' | 'resolve'>
type Factory = (exports: Exports, require: (name: string) => unknown, meta: Meta) => void

const own = createRequire(import.meta.url)

/** CommonJS modules that can be loaded again and again, each time with other code for some of them. */
export class Modules {
  readonly #root: string
  readonly #codes = new Map<string, string>()
  #loads = 0

  constructor(root: string) {
    this.#root = root
  }

  /** Modules that have not been loaded yet. `others` is code in the place of some, `doubles` of packages. */
  afresh(
    others: Readonly<Record<string, string>>,
    doubles: Readonly<Record<string, unknown>>,
  ): Load {
    const loaded = new Map<string, Exports>()
    const nth = ++this.#loads
    const load = (path: string): Exports => {
      const known = loaded.get(path)
      if (known !== undefined) return known
      const exports: Exports = {}
      loaded.set(path, exports)
      const require = (wanted: string) => {
        if (wanted.startsWith('.')) return load(join(dirname(path), wanted))
        return doubles[wanted] ?? own(wanted)
      }
      const url = pathToFileURL(join(this.#root, path)).href
      const { resolve } = import.meta
      compile(path, others[path] ?? this.read(path), nth)(exports, require, { url, resolve })
      return exports
    }
    return load
  }

  /** The paths of the modules in a folder. */
  list(folder: string): string[] {
    return readdirSync(join(this.#root, folder))
      .filter((name) => name.endsWith('.js'))
      .map((name) => `${folder}/${name}`)
  }

  /** The code of a module. */
  read(path: string): string {
    const code = this.#codes.get(path) ?? readFileSync(join(this.#root, path), 'utf8')
    this.#codes.set(path, code)
    return code
  }
}

/** Anew each time: classes of two loads that shared their compiled code would make it half as fast. */
function compile(path: string, code: string, nth: number): Factory {
  const script = code.replaceAll('import.meta', 'meta') // Which only ES modules have.
  const source = `(function (exports, require, meta) {${script}\n}) // ${nth}`
  return new Script(source, { filename: path.replace(/js$/, 'ts') }).runInThisContext()
}
