import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const library = 'packages/connpool/src'
const folders = 'core pool net server balance metrics adapters facades testing'.split(' ')
const below: Record<string, string> = {
  core: 'core',
  pool: 'core pool',
  net: 'core pool net',
  server: 'core pool net server',
  balance: 'core pool net balance',
  metrics: 'metrics',
  adapters: 'core pool net server balance adapters',
  facades: 'core pool net server balance facades',
  testing: 'core pool testing',
}

let copy = ''

before(() => {
  copy = mkdtempSync(join(tmpdir(), 'connpool-walls-'))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  const files = readdirSync(root).filter((name) =>
    /^(package|biome|tsconfig.*)\.jsonc?$/.test(name),
  )
  for (const name of [...files, 'scripts/walls', library]) {
    cpSync(join(root, name), join(copy, name), { recursive: true })
  }
  for (const folder of folders) {
    write(
      `${library}/${folder}/wall-target.ts`,
      'export const target = 1\nexport type Target = number\n',
    )
  }
})

after(() => rmSync(copy, { recursive: true, force: true }))

function write(path: string, text: string): void {
  mkdirSync(dirname(join(copy, path)), { recursive: true })
  writeFileSync(join(copy, path), text)
}

interface Finding {
  readonly file: string
  readonly rule: string
}

/** What the linter says about these files of the copy, by file. */
function lint(files: Record<string, string>): Finding[] {
  for (const [path, text] of Object.entries(files)) write(path, text)
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(root, 'node_modules/@biomejs/biome/bin/biome'),
      'lint',
      '--reporter=json',
      '--max-diagnostics=none',
      '.',
    ],
    { cwd: copy, encoding: 'utf8' },
  )
  for (const path of Object.keys(files)) rmSync(join(copy, path))
  assert.match(stdout, /^\{/, stderr)
  const { diagnostics } = JSON.parse(stdout) as {
    diagnostics: {
      category: string
      severity: string
      location: { path: string | { file: string } }
    }[]
  }
  return diagnostics
    .filter(({ severity }) => severity === 'error' || severity === 'fatal')
    .map(({ category, location: { path } }) => ({
      file: typeof path === 'string' ? path : path.file,
      rule: category,
    }))
}

/** What the compiler says about one file planted in the core. */
function compile(text: string): string {
  const path = `${library}/core/planted.ts`
  write(path, text)
  const { stdout } = spawnSync(
    process.execPath,
    [join(root, 'node_modules/typescript/bin/tsc'), '-p', `${library}/core`, '--noEmit'],
    { cwd: copy, encoding: 'utf8' },
  )
  rmSync(join(copy, path))
  return stdout
}

describe('the import walls', () => {
  test('the library as it stands keeps them, in the linter and in the compiler', () => {
    assert.deepEqual(lint({}), [])
    assert.equal(compile('export const planted = 1\n'), '')
  })

  test('each folder may import what lies below it, and nothing else', () => {
    const planted: Record<string, string> = {}
    const refused = new Set<string>()
    for (const from of folders) {
      for (const to of folders) {
        if (from === to) continue
        const file = `${library}/${from}/plant-${to}.ts`
        planted[file] = `export { target } from '../${to}/wall-target.ts'\n`
        if (!below[from]?.split(' ').includes(to)) refused.add(file)
      }
    }
    // One at a time would take a minute; `export from` of a leaf makes no cycle, so they do not disturb each other.
    const seen = new Set(lint(planted).map(({ file }) => file))
    assert.deepEqual([...seen].sort(), [...refused].sort())
  })

  test('no way of writing an import gets around them', () => {
    const up = '../net/wall-target.ts'
    const ways: Record<string, string> = {
      static: `import { target } from '${up}'\nexport const x = target\n`,
      effect: `import '${up}'\n`,
      type: `import type { Target } from '${up}'\nexport type X = Target\n`,
      inline: `export type X = import('${up}').Target\n`,
      dynamic: `export const x = (): unknown => import('${up}')\n`,
      star: `export * from '${up}'\n`,
      detour: "export { target } from './../net/wall-target.ts'\n",
      'long-detour': "export { target } from '../core/../net/wall-target.ts'\n",
      entry: "export { target } from '../index.ts'\n",
      self: "export { target } from 'connpool'\n",
      package: "export { target } from 'pg'\n",
    }
    const planted = Object.fromEntries(
      Object.entries(ways).map(([way, text]) => [`${library}/pool/plant-${way}.ts`, text]),
    )
    const seen = new Set(lint(planted).map(({ file }) => file))
    assert.deepEqual([...seen].sort(), Object.keys(planted).sort())
  })

  test('metrics takes types of the pool and nothing that runs', () => {
    const at = (name: string): string => `${library}/metrics/plant-${name}.ts`
    const from = "from '../pool/wall-target.ts'\n"
    const fine = {
      [at('type')]: `import type { Target } ${from}export type X = Target\n`,
      [at('commented')]:
        `// About this import.\nimport type { Target } ${from}export type X = Target\n`,
      [at('type-again')]: `export type { Target } ${from}`,
    }
    const wrong = {
      [at('value')]: `import { target } ${from}export const x = target\n`,
      [at('commented-value')]:
        `// About this import type.\nimport { target } ${from}export const x = target\n`,
      [at('inline-type')]: `import { type Target } ${from}export type X = Target\n`,
      [at('effect')]: "import '../pool/wall-target.ts'\n",
      [at('value-again')]: `export { target } ${from}`,
      [at('star')]: `export * ${from}`,
    }
    const seen = new Set(lint({ ...fine, ...wrong }).map(({ file }) => file))
    // `import { type X }` is also a matter of style; it counts as refused either way.
    assert.deepEqual([...seen].sort(), Object.keys(wrong).sort())
  })

  test('cli, bench, conformance, examples and compat import published names only', () => {
    const planted = {
      'packages/cli/src/plant.ts':
        "export { target } from '../../connpool/src/core/wall-target.ts'\n",
      'bench/plant.ts': "export { target } from '../packages/connpool/src/core/wall-target.ts'\n",
      'bench/micro/plant.ts':
        "export { target } from '../../packages/connpool/src/pool/wall-target.ts'\n",
      'conformance/src/plant.ts':
        "export { target } from '../../packages/connpool/src/net/wall-target.ts'\n",
      'examples/plant.ts': "export { target } from '../packages/connpool/dist/index.js'\n",
      'compat/plant.ts': "export { target } from '../packages/connpool/src/index.ts'\n",
    }
    const fine = {
      'bench/fine.ts':
        "export { createPool } from 'connpool'\nexport { x } from 'connpool/testing'\n",
      'packages/cli/src/fine.ts': "import { x } from './other.ts'\nexport const y = x\n",
    }
    const seen = new Set(lint({ ...planted, ...fine }).map(({ file }) => file))
    assert.deepEqual([...seen].sort(), Object.keys(planted).sort())
  })

  test('what starts real servers knows nothing of connpool, and nothing published knows it', () => {
    const planted = {
      'real-servers/src/plant.ts': "export { createPool } from 'connpool'\n",
      'real-servers/test/plant.ts':
        "export { target } from '../../packages/connpool/src/core/wall-target.ts'\n",
      [`${library}/net/plant.ts`]: "export { ownRedis } from '@connpool/real-servers'\n",
      'packages/cli/src/plant.ts': "export { ownRedis } from '@connpool/real-servers'\n",
    }
    const fine = {
      'packages/cli/test/fine.ts': "export { ownRedis } from '@connpool/real-servers'\n",
      'examples/test/fine.ts': "export { ownRedis } from '@connpool/real-servers'\n",
    }
    const seen = new Set(lint({ ...planted, ...fine }).map(({ file }) => file))
    assert.deepEqual([...seen].sort(), Object.keys(planted).sort())
  })

  test('two files that import each other are refused', () => {
    const seen = lint({
      [`${library}/pool/plant-a.ts`]:
        "import { b } from './plant-b.ts'\nexport const a = (): number => b()\n",
      [`${library}/pool/plant-b.ts`]:
        "import { a } from './plant-a.ts'\nexport const b = (): number => a()\n",
    })
    assert.ok(
      seen.some(({ rule }) => rule === 'lint/suspicious/noImportCycles'),
      JSON.stringify(seen),
    )
  })
})

describe('the core is pure', () => {
  const impure: Record<string, string> = {
    setTimeout: 'export const x = (): unknown => setTimeout(() => {}, 1)\n',
    setImmediate: 'export const x = (): unknown => setImmediate(() => {})\n',
    queueMicrotask: 'export const x = (): void => queueMicrotask(() => {})\n',
    performance: 'export const x = (): number => performance.now()\n',
    process: 'export const x = (): unknown => process.hrtime()\n',
    AbortSignal: 'export const x = (signal: AbortSignal): boolean => signal.aborted\n',
    console: "export const x = (): void => console.log('x')\n",
    'node:net': "import { connect } from 'node:net'\nexport const x = (): unknown => connect(1)\n",
    'new Promise': 'export const x = (): unknown => new Promise(() => {})\n',
  }
  for (const [name, text] of Object.entries(impure)) {
    test(`${name} is an unknown name to the compiler`, () => {
      const found = compile(text)
      assert.match(found, /planted\.ts\(\d+,\d+\): error/)
    })
  }

  test('Date, Math.random, Promise, async and await, which JavaScript itself has, are refused by the linter', () => {
    const planted = {
      [`${library}/core/plant-now.ts`]: 'export const x = (): number => Date.now()\n',
      [`${library}/core/plant-date.ts`]: 'export const x = (): unknown => new Date()\n',
      [`${library}/core/plant-random.ts`]: 'export const x = (): number => Math.random()\n',
      [`${library}/core/plant-promise.ts`]: 'export const x = (): unknown => Promise.resolve()\n',
      [`${library}/core/plant-await.ts`]: 'export const x = async (): Y => {\n  await y\n}\n',
      [`${library}/core/plant-async.ts`]: 'export const x = async () => 1\n',
      [`${library}/core/plant-global.ts`]: 'export const x = (): unknown => globalThis\n',
      [`${library}/core/plant-timer.ts`]:
        'export const x = (): unknown => setTimeout(() => {}, 1)\n',
    }
    const fine = { [`${library}/core/fine.ts`]: 'export const x = (): number => Math.max(1, 2)\n' }
    const seen = new Set(lint({ ...planted, ...fine }).map(({ file }) => file))
    assert.deepEqual([...seen].sort(), Object.keys(planted).sort())
  })
})
