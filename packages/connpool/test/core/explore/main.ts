// Explores all that is in programme.ts, on every core.
//
//   npm run test:explore                      everything
//   npm run test:explore -- lifetime 'max 2'  the settings whose names contain all of the words;
//                                             a word that is in none has all words told
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import { seeded } from '../../support/seeded.ts'
import { explore } from './explorer.ts'
import { features } from './features.ts'
import { programme } from './programme.ts'
import { testOf } from './report.ts'
import { doubt } from './twins.ts'

// V8 takes worlds for things that live for long, and then collects in vain for most of the time.
setFlagsFromString('--no-allocation-site-pretenuring')

/** One of so many arrivals at a known state is doubted. */
const DOUBTED = 1 / 500
const PROGRESS_MS = 2_000
const WELL = 'every law held in every state'
const BROKEN = `not well. Each of the tests above is a whole file, to be run as
  packages/connpool/test/core/broken.test.ts by npm test -- broken`

interface Result {
  readonly task: number
  readonly states: number
  readonly transitions: number
  readonly ms: number
  /** The test that fails; null when every law holds. */
  readonly failing: string | null
}

const words = process.argv.slice(2)
const tasks = programme.flatMap((chapter) =>
  chapter.settings
    .filter(({ name }) => words.every((word) => `${chapter.name}: ${name}`.includes(word)))
    .map((setting) => ({ chapter, setting })),
)

if (process.send === undefined && tasks.length === 0) refuse()
else if (process.send === undefined) await lead()
else process.on('message', (task: number) => process.send?.(work(task)))

function work(task: number): Result {
  const setting = tasks[task]?.setting
  if (setting === undefined) throw new RangeError(`there is no task ${task}`)
  const random = seeded(task)
  const begun = process.cpuUsage()
  let doubts: string | null = null
  const { states, transitions, violation } = explore(setting, (_, known, other) => {
    if (doubts === null && random() < DOUBTED) doubts = doubt(setting, known, other, random)
  })
  const { user, system } = process.cpuUsage(begun)
  const failing = violation === null ? doubts : testOf(violation)
  return { task, states, transitions, ms: (user + system) / 1_000, failing }
}

function refuse(): void {
  const names = (named: readonly { readonly name: string }[]) =>
    named.map(({ name }) => `'${name}'`).join(', ')
  const all = programme.reduce((count, { settings }) => count + settings.length, 0)
  const title = words.map((word) => `'${word}'`).join(' and ')
  console.error(`None of ${all} settings has ${title} in its name. A name is put together from

  a chapter    ${names(programme)}
  a size       'max 1', 'max 2', 'max 3'
  features     ${names(features)}

npm run test:explore -- 'each feature' resize   explores those that have both in their names
`)
  process.exitCode = 2
}

async function lead(): Promise<void> {
  const results: Result[] = []
  let next = 0
  let told = 0
  const crew = Array.from({ length: Math.min(availableParallelism(), tasks.length) }, async () => {
    const worker = fork(fileURLToPath(import.meta.url), words)
    let task = next
    const begin = () => {
      task = next
      if (next < tasks.length) worker.send(next++)
      else worker.disconnect()
    }
    worker.on('message', (result: Result) => {
      results.push(result)
      begin()
      const { setting } = tasks[result.task] ?? {}
      if (result.failing !== null) console.log(`\n${setting?.name}:\n${result.failing}\n`)
      if (performance.now() - told < PROGRESS_MS) return
      told = performance.now()
      const { states, transitions } = result
      const found = `${states} states, ${transitions} transitions`
      console.log(`${results.length}/${tasks.length} ${setting?.name}: ${found}`)
    })
    begin()
    const [code, signal] = await once(worker, 'exit')
    if (code !== 0)
      console.log(`\n${tasks[task]?.setting.name} ended its worker: ${code ?? signal}\n`)
  })
  await Promise.all(crew)
  report(results)
  const broken = results.filter(({ failing }) => failing !== null).length
  const isWell = broken === 0 && results.length === tasks.length
  console.log(`in ${Math.round(performance.now() / 1_000)} s: ${isWell ? WELL : BROKEN}`)
  process.exitCode = isWell ? 0 : 1
}

function report(results: readonly Result[]): void {
  const rows = programme.flatMap((chapter) => {
    const own = results.filter(({ task }) => tasks[task]?.chapter === chapter)
    return own.length === 0 ? [] : [[chapter.name, ...sums(own)]]
  })
  const table = [
    ['', 'settings', 'states', 'transitions', 'CPU s', 'broken'],
    ...rows,
    ['all', ...sums(results)],
  ]
  for (const [name = '', ...cells] of table) {
    console.log(name.padEnd(18) + cells.map((cell) => cell.padStart(14)).join(''))
  }
}

function sums(results: readonly Result[]): string[] {
  const sum = (of: (result: Result) => number) =>
    results.reduce((total, result) => total + of(result), 0).toLocaleString('en')
  const broken = results.filter(({ failing }) => failing !== null).length
  return [
    results.length.toLocaleString('en'),
    sum(({ states }) => states),
    sum(({ transitions }) => transitions),
    Math.round(results.reduce((total, { ms }) => total + ms, 0) / 1_000).toLocaleString('en'),
    String(broken),
  ]
}
