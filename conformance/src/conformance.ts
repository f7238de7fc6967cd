import { type FileHandle, open } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import type { Entrant } from './contestant.ts'
import { findRow, programme } from './programme.ts'
import { type Result, report, shortcomings } from './report.ts'
import { roster as ourRoster } from './roster.ts'
import type { Row } from './row.ts'
import { sentence } from './sentence.ts'
import { cell, table } from './table.ts'
import { ourRosterUrl, trial } from './trial-process.ts'

const usage = `npm run conformance -- [--only ROW]... [--pool POOL]... [--json FILE]

  --only ROW    only this row; may be given several times:
                ${programme.map(({ name }) => name).join(', ')}
  --pool POOL   only this pool; may be given several times:
                ${ourRoster.map(({ name }) => name).join(', ')}
  --json FILE   write all verdicts there as well
  --roster FILE try the pools that this module exports as \`roster\` instead

Ends with status 1 if the first pool of the roster, ours, does not pass a row.
`

/** The pools that can be tried, and the module that a child finds them in. The first is the one that must pass. */
interface Roster {
  readonly href: string
  readonly pools: readonly Entrant[]
}

const ours: Roster = { href: ourRosterUrl, pools: ourRoster }

interface Order {
  readonly rows: readonly Row[]
  readonly roster: Roster
  readonly entrants: readonly Entrant[]
  readonly json: string | undefined
}

/** Reads the command line. Throws a sentence that names the flag and what it takes. */
async function order(args: readonly string[]): Promise<Order | 'help'> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: 'string', multiple: true },
      pool: { type: 'string', multiple: true },
      json: { type: 'string' },
      roster: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  // npm runs a workspace's script in the workspace: a file is meant where the command was typed.
  const { INIT_CWD: typedIn = process.cwd() } = process.env
  const roster = values.roster === undefined ? ours : await load(resolve(typedIn, values.roster))
  const found = values.pool?.map((name) => findEntrant(roster, name))
  return {
    rows: values.only === undefined ? programme : [...new Set(values.only.map(findRow))],
    roster,
    entrants: found === undefined ? roster.pools : [...new Set(found)],
    json: values.json === undefined ? undefined : resolve(typedIn, values.json),
  }
}

async function load(path: string): Promise<Roster> {
  const { href } = pathToFileURL(path)
  const { roster }: { roster?: readonly Entrant[] } = await import(href)
  if (roster === undefined) throw new Error(`--roster: ${path} exports no roster`)
  return { href, pools: roster }
}

function findEntrant({ pools }: Roster, name: string): Entrant {
  const found = pools.find((entrant) => entrant.name === name)
  if (found !== undefined) return found
  throw new RangeError(
    `no pool is called '${name}'; there are ${pools.map((each) => each.name).join(', ')}`,
  )
}

async function conformance({ rows, roster, entrants, json }: Order): Promise<void> {
  // Before minutes are spent on verdicts that could not be written.
  const file = json === undefined ? undefined : await openForWriting(json)
  const started = performance.now()
  const pairs = rows.flatMap((row) => entrants.map((entrant) => ({ row, entrant })))
  const results: Result[] = []
  const play = async (queue: typeof pairs): Promise<void> => {
    for (let pair = queue.shift(); pair !== undefined; pair = queue.shift()) {
      const verdict = await trial(pair.entrant.name, pair.row, roster.href)
      results.push({ ...pair, verdict })
      progress(`${results.length}/${pairs.length} ${pair.row.name}: ${pair.entrant.name}`)
    }
  }
  // Most of them only wait; those that measure come last, one by one.
  const together = pairs.filter(({ row }) => row.alone === undefined)
  await Promise.all(Array.from({ length: 2 * availableParallelism() }, () => play(together)))
  await play(pairs.filter(({ row }) => row.alone === true))
  progress('')

  const tookMs = Math.round(performance.now() - started)
  const result = report(rows, entrants, results, tookMs)
  process.stdout.write(`${table(result)}\n\ntook ${(tookMs / 1_000).toFixed(0)} s\n`)
  await file?.writeFile(`${JSON.stringify(result, null, 2)}\n`)
  await file?.close()
  const [first] = roster.pools
  if (first === undefined || !entrants.includes(first)) return
  for (const { name, verdicts } of shortcomings(result, first.name)) {
    process.stderr.write(`${first.name} does not pass ${name}: ${cell(verdicts[first.name])}\n`)
    process.exitCode = 1
  }
}

async function openForWriting(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w')
  } catch (error) {
    throw new Error(`--json: cannot write ${path} (${sentence(error)})`, { cause: error })
  }
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

try {
  const ordered = await order(process.argv.slice(2))
  if (ordered === 'help') process.stdout.write(usage)
  else await conformance(ordered)
} catch (error) {
  progress('')
  process.stderr.write(`conformance: ${sentence(error)}\n`)
  process.exitCode = 1
}
