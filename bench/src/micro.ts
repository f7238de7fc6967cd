import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { findWork, programme } from './programme.ts'
import { type Outcome, report } from './report.ts'
import { schedule } from './schedule.ts'
import { table } from './table.ts'
import { spawnTrial } from './trial-process.ts'
import { wholeNumber } from './whole-number.ts'
import type { Work } from './work.ts'

const usage = `npm run bench:micro -- [--rounds N] [--only WORK]... [--json FILE] [--quick]

  --rounds N    timed rounds, 1 to 100 (default 5)
  --only WORK   only this work; may be given several times:
                ${programme.map((work) => work.name).join(', ')}
  --json FILE   write all figures there as well
  --quick       tiny sizes and one round: does everything run? The figures mean nothing
`

interface Order {
  readonly works: readonly Work[]
  readonly rounds: number
  readonly quick: boolean
  readonly json: string | undefined
}

/** Reads the command line. Throws a sentence that names the flag and what it takes. */
function order(args: readonly string[]): Order | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const rounds = wholeNumber('--rounds', values.rounds ?? (values.quick ? '1' : '5'), 100)
  const works = values.only === undefined ? programme : [...new Set(values.only.map(findWork))]
  // npm runs a workspace's script in the workspace: a file is meant where the command was typed.
  const { INIT_CWD: typedIn = process.cwd() } = process.env
  const json = values.json === undefined ? undefined : resolve(typedIn, values.json)
  return { works, rounds, quick: values.quick, json }
}

async function micro({ works, rounds, quick, json }: Order): Promise<void> {
  // Before minutes are spent on figures that could not be written.
  const file = json === undefined ? undefined : await openForWriting(json)
  const started = performance.now()
  const outcomes: Outcome[] = []
  const turns = schedule(works, rounds)
  for (const [done, turn] of turns.entries()) {
    progress(`${done + 1}/${turns.length} ${turn.work.name}: ${turn.entrant.name}`)
    const figure = await spawnTrial(turn.entrant, turn.work, turn.instrument, quick)
    outcomes.push({ turn, figure })
  }
  progress('')
  const result = report(outcomes, {
    rounds,
    quick,
    tookMs: Math.round(performance.now() - started),
  })
  process.stdout.write(`${table(result)}\n\ntook ${(result.tookMs / 1_000).toFixed(0)} s\n`)
  await file?.writeFile(`${JSON.stringify(result, null, 2)}\n`)
  await file?.close()
}

async function openForWriting(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w')
  } catch (error) {
    throw new Error(`--json: cannot write ${path} (${codeOf(error)})`, { cause: error })
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error)
}

function progress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${text}`)
}

try {
  const ordered = order(process.argv.slice(2))
  if (ordered === 'help') process.stdout.write(usage)
  else await micro(ordered)
} catch (error) {
  progress('')
  process.stderr.write(`bench:micro: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
