import { readFile, writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Fault, faults } from './fault.ts'
import { withTable } from './page.ts'
import { type Server, servers, skipOf } from './programme.ts'
import { type Report, type Row, rowOf, thisMachine } from './report.ts'
import { table } from './table.ts'
import { trial } from './trial.ts'

const usage = `npm run test:faults -- [--only NAME,...] [--json FILE] [--write]

  --only NAMES  only these servers and faults; of a kind that is not named, all:
                ${servers.map(({ name }) => name).join(', ')}
                ${faults.map(({ name }) => name).join(', ')}
  --json FILE   write everything that was seen there as well
  --write       put the table into docs/reliability.md; only of a whole run

Ends with status 1 if a promise was not kept.
`

const PAGE = fileURLToPath(new URL('../../docs/reliability.md', import.meta.url))

interface Order {
  readonly pairs: readonly (readonly [Server, Fault])[]
  readonly json: string | undefined
  readonly write: boolean
}

/** Reads the command line. @throws Error with a sentence for whoever typed it. */
function order(args: readonly string[]): Order | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true, default: [] },
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const names = new Set(values.only.flatMap((words) => words.split(',')))
  for (const name of names) {
    if ([...servers, ...faults].some((each) => each.name === name)) continue
    throw new Error(`--only: there is no ${name}; try --help`)
  }
  const pick = <N extends { readonly name: string }>(all: readonly N[]): readonly N[] => {
    const picked = all.filter(({ name }) => names.has(name))
    return picked.length === 0 ? all : picked
  }
  const pairs = pick(servers).flatMap((server) =>
    pick(faults).map((fault) => [server, fault] as const),
  )
  if (values.write) checkWhole(pairs)
  // npm runs a workspace's script in the workspace: a file is meant where the command was typed.
  const { INIT_CWD: typedIn = process.cwd() } = process.env
  const json = values.json === undefined ? undefined : resolve(typedIn, values.json)
  return { pairs, json, write: values.write }
}

function checkWhole(pairs: Order['pairs']): void {
  if (pairs.length < servers.length * faults.length) throw new Error('--write goes without --only')
  for (const [server, fault] of pairs) {
    const skip = skipOf(server, fault)
    if (skip !== false) throw new Error(`--write: ${server.name}, ${fault.name}: ${skip}`)
  }
}

async function run({ pairs, json, write }: Order): Promise<void> {
  const started = performance.now()
  const rows: Row[] = []
  // One by one: each measures.
  for (const [server, fault] of pairs) {
    const skipped = skipOf(server, fault)
    const row = rowOf(server, fault, skipped ? { skipped } : await trial(server, fault))
    rows.push(row)
    const verdict = row.skipped ?? (row.broken.length === 0 ? 'kept' : 'BROKEN')
    process.stderr.write(
      `${rows.length}/${pairs.length} ${server.name}, ${fault.name}: ${verdict}\n`,
    )
  }
  const tookMs = Math.round(performance.now() - started)
  const report: Report = { machine: thisMachine(), tookMs, rows }
  process.stdout.write(`${table(report)}\n\ntook ${Math.round(tookMs / 1_000)} s\n`)
  if (json !== undefined) await writeFile(json, `${JSON.stringify(report, null, 2)}\n`)
  const complaints = rows.flatMap(({ server, fault, broken }) =>
    broken.map((sentence) => `${server}, ${fault}: ${sentence}\n`),
  )
  process.stderr.write(complaints.join(''))
  if (complaints.length > 0) process.exitCode = 1
  else if (write) await writeFile(PAGE, withTable(await readFile(PAGE, 'utf8'), table(report)))
}

try {
  const ordered = order(process.argv.slice(2))
  if (ordered === 'help') process.stdout.write(usage)
  else await run(ordered)
} catch (error) {
  process.stderr.write(`faults: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
