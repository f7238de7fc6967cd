import { parseArgs } from 'node:util'
import { runCommand } from './command.ts'
import { openFigures } from './figures-file.ts'
import { findWork, programme } from './programme.ts'
import { report } from './report.ts'
import { runTurns } from './run.ts'
import { schedule } from './schedule.ts'
import type { ClockName } from './stopwatch.ts'
import { table } from './table.ts'
import { wholeNumber } from './whole-number.ts'
import type { Work } from './work.ts'

const usage = `npm run bench:micro -- [--rounds N] [--only WORK]... [--json FILE] [--cpu] [--quick]

  --rounds N    timed rounds, 1 to 100 (default 3)
  --only WORK   only this work; may be given several times:
                ${programme.map((work) => work.name).join(', ')}
  --json FILE   write all figures there as well
  --cpu         time what the process computes, all in one thread: for machines that are busy
  --quick       tiny sizes and one round: does everything run? The figures mean nothing
`

interface Order {
  readonly works: readonly Work[]
  readonly rounds: number
  readonly clock: ClockName
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
      cpu: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const rounds = wholeNumber('--rounds', values.rounds ?? (values.quick ? '1' : '3'), 100)
  const works = values.only === undefined ? programme : [...new Set(values.only.map(findWork))]
  const clock = values.cpu ? 'cpu' : 'time'
  return { works, rounds, clock, quick: values.quick, json: values.json }
}

async function micro({ works, rounds, clock, quick, json }: Order): Promise<void> {
  const write = await openFigures(json)
  const started = performance.now()
  const outcomes = await runTurns(schedule(works, rounds, clock), quick ? 'quick' : 'full')
  const result = report(outcomes, {
    rounds,
    clock,
    quick,
    tookMs: Math.round(performance.now() - started),
  })
  process.stdout.write(`${table(result)}\n\ntook ${(result.tookMs / 1_000).toFixed(0)} s\n`)
  await write(result)
}

await runCommand('bench:micro', async () => {
  const ordered = order(process.argv.slice(2))
  if (ordered === 'help') process.stdout.write(usage)
  else await micro(ordered)
})
