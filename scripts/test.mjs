// Runs every *.test.ts of the workspace under node:test, and ends with one plain line of counts.
//
//   npm test                          everything
//   npm test -- fairness walls        the files whose path contains one of the words
//   npm test -- --name='gives up'     the tests whose name matches
//   npm test -- --no-build            without building first
//   npm test -- --timeout=300         seconds a file may take (120)
//
// Each file is a process of its own, with tsx for TypeScript and leaks.mjs to see what it leaves behind.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
    timeout: { type: 'string', default: '120' },
    root: { type: 'string', default: root },
  },
})
const base = resolve(options.root)

if (!options['no-build']) {
  const tsc = fileURLToPath(import.meta.resolve('typescript/package.json'))
  const build = spawnSync(
    process.execPath,
    [join(tsc, '../bin/tsc'), '-b', join(root, 'tsconfig.build.json'), join(root, 'bench')],
    { stdio: ['ignore', 'inherit', 'inherit'] },
  )
  if (build.status !== 0) fail('the build failed')
}

const skippedFolders = new Set(['node_modules', 'dist', 'coverage', '.git'])
const all = find(base)
const files = words.length
  ? all.filter((file) => words.some((word) => rel(file).includes(word)))
  : all
if (files.length === 0) {
  fail(words.length ? `no test file's path contains ${words.join(' or ')}` : 'no test files')
}

// The children inherit our own flags; this is how Node 20 lets a caller of run() preload something.
process.execArgv.push(
  '--import',
  import.meta.resolve('tsx'),
  '--import',
  new URL('./leaks.mjs', import.meta.url).href,
)

const started = performance.now()
const counts = { passed: 0, failed: 0, skipped: 0 }
/** @type {Map<string, { tests: number, output: string[], failures: string[] }>} */
const perFile = new Map(files.map((file) => [file, { tests: 0, output: [], failures: [] }]))
/** @type {string[]} */
const orphans = []
/** @type {Map<string, number>} Why tests were skipped, and how many. */
const reasons = new Map()

const stream = run({
  files,
  concurrency: Math.max(1, Math.min(4, availableParallelism())),
  timeout: Number(options.timeout) * 1_000,
  ...(options.name === undefined ? {} : { testNamePatterns: [options.name] }),
})

/** @type {string[]} */
const path = []
stream.on('test:start', ({ name, nesting }) => {
  path.length = nesting
  path[nesting] = name
})
stream.on('test:pass', (test) => {
  if (isFile(test.name) || test.details.type === 'suite') return
  const file = owner(test.file)
  if (file) file.tests++
  if (test.skip !== undefined || test.todo !== undefined) {
    counts.skipped++
    const { skip: reason } = test
    if (typeof reason === 'string') reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
  } else counts.passed++
})
// A line for each file that is done: all of them take a while.
let done = 0
stream.on('test:complete', ({ name, details }) => {
  if (!isFile(name)) return
  done++
  console.log(
    `${done}/${files.length} ${rel(name)} (${(details.duration_ms / 1_000).toFixed(1)} s)`,
  )
})
stream.on('test:fail', (test) => {
  const file = owner(isFile(test.name) ? test.name : test.file)
  if (!isFile(test.name) && test.details.type !== 'suite' && file) file.tests++
  const error = /** @type {any} */ (test.details.error)
  // A suite or a file that failed only because a test in it failed has nothing to add.
  if (error?.failureType === 'subtestsFailed') return
  if (test.todo !== undefined) {
    counts.skipped++
    return
  }
  counts.failed++
  const where = isFile(test.name)
    ? ''
    : ` > ${[...path.slice(0, test.nesting), test.name].join(' > ')}`
  const at = isFile(test.name) ? rel(test.name) : rel(test.file ?? '')
  const failures = file?.failures ?? orphans
  failures.push(`\n✖ ${at}${where}\n${indent(describe(error))}`)
})
for (const event of /** @type {const} */ (['test:stdout', 'test:stderr'])) {
  stream.on(event, ({ file, message }) => owner(file)?.output.push(message))
}
stream.on('end', report)
stream.resume()

function report() {
  for (const [file, { tests, failures, output }] of perFile) {
    if (tests === 0 && failures.length === 0 && options.name === undefined) {
      counts.failed++
      failures.push(`\n✖ ${rel(file)}\n  holds no test`)
    }
    if (failures.length === 0) continue
    for (const failure of failures) console.log(failure)
    if (output.length > 0) {
      console.log(`\n  output of ${rel(file)}:`)
      console.log(indent(output.join('').trimEnd().slice(-8_000), '  | '))
    }
  }
  for (const failure of orphans) console.log(failure)
  const { passed, failed, skipped } = counts
  const seconds = ((performance.now() - started) / 1_000).toFixed(1)
  console.log(`\n${files.length} test files in ${seconds} s`)
  // Those whose name was not asked for are no news.
  if (options.name === undefined) {
    for (const [reason, count] of reasons) console.log(`${count} skipped: ${reason}`)
  }
  if (passed + failed === 0) fail('no test ran')
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`)
  process.exitCode = failed > 0 ? 1 : 0
}

/** @param {string} folder @returns {string[]} */
function find(folder) {
  return readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return skippedFolders.has(entry.name) ? [] : find(path)
      return entry.isFile() && entry.name.endsWith('.test.ts') ? [path] : []
    })
}

/** @param {string | undefined} file */
function owner(file) {
  return file === undefined ? undefined : perFile.get(resolve(file))
}

/** @param {string} name */
function isFile(name) {
  return perFile.has(resolve(name)) && existsSync(resolve(name))
}

/** @param {string} file */
function rel(file) {
  return relative(base, file)
}

/** @param {any} error @returns {string} */
function describe(error) {
  const cause = error?.code === 'ERR_TEST_FAILURE' ? (error.cause ?? error) : error
  if (typeof cause === 'string') return cause
  const text = String(cause?.stack ?? cause?.message ?? cause)
  const frames = text.split('\n').filter((line) => !/^\s+at .*\(?node:/.test(line))
  return frames.join('\n').replaceAll(`file://${root}`, '').replaceAll(root, '')
}

/** @param {string} text */
function indent(text, by = '  ') {
  return text.replace(/^/gm, by)
}

/** @param {string} why @returns {never} */
function fail(why) {
  console.log(`${why}\n0 passed, 1 failed, 0 skipped`)
  process.exit(1)
}
