import { parseArgs } from 'node:util'
import { runCommand } from './command.ts'
import { openFigures } from './figures-file.ts'
import { thisMachine } from './machine.ts'
import { progress } from './progress.ts'
import { wholeNumber } from './whole-number.ts'
import { crowds, type EchoSection, runEchoWork } from './wire/echo-work.ts'
import { runGatewayWork } from './wire/gateway-work.ts'
import { fullWireBudget, quickWireBudget, type WireBudget } from './wire/wire-budget.ts'
import { type WireReport, wireTable } from './wire/wire-table.ts'

const echoNames = new Map(crowds.map((borrowers) => [`echo-${borrowers}`, borrowers]))
const names = [...echoNames.keys(), 'gateway']

const usage = `npm run bench:wire -- [--rounds N] [--seconds N] [--only WORK]... [--wrk] [--json FILE] [--quick]

  --rounds N    rounds, 1 to 100 (default ${fullWireBudget.rounds})
  --seconds N   how long a trial is measured, 1 to 30 (default ${fullWireBudget.seconds})
  --only WORK   only this work; may be given several times:
                ${names.join(', ')}
  --wrk         let wrk make the requests to the gateway, and not autocannon
  --json FILE   write all figures there as well
  --quick       tiny sizes and one round: does everything run? The figures mean nothing
`

interface Order {
  readonly works: ReadonlySet<string>
  readonly budget: WireBudget
  readonly quick: boolean
  readonly json: string | undefined
}

/** Reads the command line. Throws a sentence that names the flag and what it takes. */
function order(args: readonly string[]): Order | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      only: { type: 'string', multiple: true },
      wrk: { type: 'boolean', default: false },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  for (const name of values.only ?? []) {
    if (names.includes(name)) continue
    throw new RangeError(`no work is called '${name}'; there are ${names.join(', ')}`)
  }
  const { rounds, seconds, wrk, quick, json } = values
  const budget: WireBudget = {
    ...(quick ? quickWireBudget : fullWireBudget),
    ...(rounds !== undefined && { rounds: wholeNumber('--rounds', rounds, 100) }),
    ...(seconds !== undefined && { seconds: wholeNumber('--seconds', seconds, 30) }),
    ...(wrk && { load: 'wrk' }),
  }
  return { works: new Set(values.only ?? names), budget, quick, json }
}

async function wire({ works, budget, quick, json }: Order): Promise<void> {
  const write = await openFigures(json)
  const started = performance.now()
  const echo: EchoSection[] = []
  for (const [name, borrowers] of echoNames) {
    if (works.has(name)) echo.push(await runEchoWork(borrowers, budget, progress))
  }
  const gateway = works.has('gateway') ? await runGatewayWork(budget, progress) : null
  progress('')
  const tookMs = Math.round(performance.now() - started)
  const report: WireReport = { machine: thisMachine(), quick, budget, tookMs, echo, gateway }
  process.stdout.write(`${wireTable(report)}\n\ntook ${(tookMs / 1_000).toFixed(0)} s\n`)
  await write(report)
}

await runCommand('bench:wire', async () => {
  const ordered = order(process.argv.slice(2))
  if (ordered === 'help') process.stdout.write(usage)
  else await wire(ordered)
})
