// Plants the faults that other pools have had, one at a time, and says what finds them here: the first test
// that does, and the explorer of the core, with the number of events of its history.
//
//   npm run test:known-faults              all of them
//   npm run test:known-faults -- deadline  those whose name contains one of the words
import { compile } from './compile.ts'
import { Crew } from './crew.ts'
import { insistOn, order } from './order.ts'
import { type KnownFault, knownFaults } from './other-pools.ts'
import { plant } from './plant.ts'
import type { Finding } from './trial.ts'

const { words, jobs } = order()
const faults = knownFaults.filter(
  ({ name }) => words.length === 0 || words.some((word) => name.includes(word)),
)
insistOn(faults.length, words)

interface Row {
  readonly fault: string
  readonly law: string
  readonly test: string
  readonly explorer: string
}

const root = compile()
const codes = plant(faults, root)
const crew = new Crew(root, jobs)
try {
  const rows = await Promise.all(faults.map((fault, index) => rowOf(fault, codes[index] ?? {})))
  print(rows)
  const escaped = rows.filter(({ test, explorer }) => test === '' && explorer === '')
  console.log(`\n${rows.length} faults, ${escaped.length} not found`)
  process.exitCode = escaped.length === 0 ? 0 : 1
} finally {
  crew.dismiss()
}

async function rowOf({ name, law, file }: KnownFault, code: Record<string, string>): Promise<Row> {
  const isCore = file.startsWith('core/')
  const inCore = isCore ? await crew.try({ scope: 'tests of core', code }) : null
  const explored = isCore ? await crew.try({ scope: 'explorer', code }) : null
  const test = inCore ?? (await crew.try({ scope: 'tests of pool', code }))
  return {
    fault: name,
    law: law === null ? '' : String(law),
    test: test === null ? '' : witnessOf(test),
    explorer: explored === null ? '' : historyOf(explored),
  }
}

/** The file and the name of a test; of a walk what it says. */
function witnessOf({ group, check, message }: Finding): string {
  const file = group.replace(/^test\//, '').replace(/\.test\.js$/, '')
  return `${file}: ${group === 'walk' ? message : check.replace(/^.*\.js: /, '')}`
}

function historyOf({ events, message }: Finding): string {
  return events === null ? message : `${message}, after ${events}`
}

function print(rows: readonly Row[]): void {
  console.log('| fault | law | first found by | explored, and the events to it |')
  console.log('| --- | --- | --- | --- |')
  for (const { fault, law, test, explorer } of rows) {
    console.log(`| ${fault} | ${law} | ${test} | ${explorer} |`)
  }
}
