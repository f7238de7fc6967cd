import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'

const matrix = fileURLToPath(new URL('./matrix.mjs', import.meta.url))
const timeout = 60_000
const known = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch)
const skip = known ? false : 'no package of Node is known for this platform'
const versions =
  /VERSIONS = \[(.*)\]/.exec(readFileSync(matrix, 'utf8'))?.[1]?.match(/[\d.]+/g) ?? []
const majorOf = (version: string) => version.split('.')[0]
const foreign = versions.filter((version) => majorOf(version) !== majorOf(process.versions.node))

/** Runs the matrix over a folder with one test file, in which other Nodes are ours in disguise. */
function run(
  t: TestContext,
  source: string,
  { disguised = true, env = {} } = {},
): { status: number | null; out: string } {
  const folder = mkdtempSync(join(tmpdir(), 'connpool-matrix-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(folder, 'planted.test.ts'), source)
  if (disguised) for (const version of foreign) disguise(folder, version)
  const { NODE_TEST_CONTEXT: _, REQUIRE_SERVERS: __, ...inherited } = process.env
  const { status, stdout } = spawnSync(
    process.execPath,
    [matrix, `--cache=${join(folder, 'nodes')}`, `--root=${folder}`],
    { encoding: 'utf8', env: { ...inherited, ...env } },
  )
  return { status, out: stdout }
}

/** Puts a Node of that version where the matrix looks for it: ours, which says that it is another. */
function disguise(folder: string, version: string): void {
  const home = join(folder, 'nodes', version, 'node_modules', `node-linux-${process.arch}`, 'bin')
  mkdirSync(home, { recursive: true })
  const node = join(home, 'node')
  writeFileSync(
    node,
    `#!/bin/sh
if [ "$1" = --version ]; then echo v${version}; else DISGUISE=${version} exec "${process.execPath}" "$@"; fi
`,
  )
  chmodSync(node, 0o755)
}

const rows = (out: string): string[] => out.match(/^\d+\.\d+\.\d+ .*$/gm) ?? []
const lastLine = (out: string): string | undefined => out.trimEnd().split('\n').at(-1)

test('the tests run on each Node, which is the first in PATH, and the counts are summed', {
  timeout,
  skip,
}, (t) => {
  const { status, out } = run(
    t,
    `
    import assert from 'node:assert/strict'
    import { test } from 'node:test'
    const version = process.env.DISGUISE
    test('its folder is the first in PATH', () => {
      const first = process.env.PATH.split(':')[0]
      if (version === undefined) assert.equal(first + '/node', process.execPath)
      else assert.ok(first.includes('/' + version + '/'), first)
    })
    test('skipped', { skip: true }, () => {})
  `,
  )
  assert.equal(status, 0, out)
  assert.equal(rows(out).length, 3, out)
  for (const row of rows(out)) assert.match(row, /^\d+\.\d+\.\d+ +1 +0 +1 +\d+\.\d$/)
  assert.equal(lastLine(out), '3 passed, 0 failed, 3 skipped')
})

test('a test that fails on one Node fails the matrix', { timeout, skip }, (t) => {
  const [victim = ''] = foreign
  const { status, out } = run(
    t,
    `
    import { test } from 'node:test'
    test('fails on one', () => { if (process.env.DISGUISE === '${victim}') throw new Error('here') })
    test('passes', () => {})
  `,
  )
  assert.equal(status, 1)
  assert.ok(
    rows(out).some((row) => row.startsWith(victim) && / +1 +1 +0 /.test(row)),
    out,
  )
  assert.equal(lastLine(out), '5 passed, 1 failed, 0 skipped', out)
})

const nowhere = { npm_config_registry: 'http://127.0.0.1:9', npm_config_fetch_retries: '0' }
const passing = "import { test } from 'node:test'; test('passes', () => {})"

test('a Node that cannot be had is skipped with the reason', { timeout, skip }, (t) => {
  const { status, out } = run(t, passing, { disguised: false, env: nowhere })
  assert.equal(status, 0, out)
  const missing = rows(out).filter((row) => row.includes('not run: npm could not install'))
  assert.equal(missing.length, foreign.length, out)
  const ran = versions.length - foreign.length
  assert.equal(lastLine(out), `${ran} passed, 0 failed, ${foreign.length} skipped`)
})

test('and fails where nothing may be missing', { timeout, skip }, (t) => {
  const env = { ...nowhere, REQUIRE_SERVERS: '1' }
  const { status, out } = run(t, passing, { disguised: false, env })
  assert.equal(status, 1)
  const ran = versions.length - foreign.length
  assert.equal(lastLine(out), `${ran} passed, ${foreign.length} failed, 0 skipped`, out)
})
