import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import {
  compile,
  examplesOf,
  missingNames,
  run,
  type Snippet,
  snippetsOf,
} from './support/snippets.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

const pages = [
  'README.md',
  'CONTRIBUTING.md',
  'packages/connpool/README.md',
  'packages/cli/README.md',
  ...list('docs', '.md'),
].filter((page) => existsSync(join(root, page)))

function list(folder: string, extension: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(extension))
    .map((name) => join(folder, name))
    .sort()
}

const snippets = [
  ...pages.flatMap((page) => snippetsOf(readFileSync(join(root, page), 'utf8'), page)),
  ...list('packages/connpool/src', '.ts').flatMap((file) =>
    examplesOf(readFileSync(join(root, file), 'utf8'), file),
  ),
].filter(({ action }) => action !== 'skip')

describe('the code in the pages and in the doc comments', { concurrency: 4 }, async () => {
  // A page may be written before the code: such a block wakes up by itself when the names appear.
  const missing = new Map<Snippet, readonly string[]>()
  for (const snippet of snippets) missing.set(snippet, await missingNames(snippet))
  const compiled = compile(snippets.filter((each) => missing.get(each)?.length === 0))
  for (const snippet of snippets) {
    const title = `${snippet.at} ${snippet.action === 'run' ? 'compiles and runs' : 'compiles'}`
    const names = missing.get(snippet) ?? []
    const skip = names.length > 0 && `connpool does not export ${names.join(', ')} yet`
    test(title, { skip }, async () => {
      assert.equal(compiled.get(snippet)?.complaints, '')
      if (snippet.action === 'run') await run(snippet, compiled.get(snippet))
    })
  }
})

test('every link from a page to a file of this repository leads somewhere', () => {
  const broken: string[] = []
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8')
    for (const [, target = ''] of text.matchAll(/\]\(([^)\s#]+)(?:#[^)]*)?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const path = join(root, page, '..', target)
      if (!existsSync(path)) broken.push(`${page}: ${relative(root, path)}`)
    }
  }
  assert.deepEqual(broken, [])
})

test('every file that the map of CONTRIBUTING names is there', () => {
  const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
  const map = text.slice(text.indexOf('## Where to change what'), text.indexOf('## Words'))
  const cells = [...map.matchAll(/^\|.*\|(.*)\|$/gm)].map(([, cell = '']) => cell)
  const missing = cells.flatMap((cell) => {
    // A name without a folder is in that of the one before it.
    let folder = ''
    return [...cell.matchAll(/`([^`]+\.ts)`/g)].flatMap(([, name = '']) => {
      if (name.includes('/')) folder = dirname(name)
      const path = name.includes('/') ? name : join(folder, name)
      const isThere = ['src', 'test'].some((part) =>
        existsSync(join(root, 'packages/connpool', part, path)),
      )
      return isThere ? [] : [path]
    })
  })
  assert.ok(cells.length > 40, 'it has no map')
  assert.deepEqual(missing, [])
})

describe('the first screen of the README', () => {
  const screen = readFileSync(join(root, 'README.md'), 'utf8').split('\n').slice(0, 50).join('\n')

  test('gives the two commands, each on a line of its own', () => {
    assert.match(screen, /^npm ci && npm start$/m)
    assert.match(screen, /^npm ci && npm test$/m)
  })

  test('gives a complete example that is run', () => {
    const [first] = snippetsOf(screen, 'README.md')
    assert.equal(first?.action, 'run')
  })
})
