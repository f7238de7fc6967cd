import { parseArgs } from 'node:util'
import { runCommand } from './command.ts'
import { duels } from './duel.ts'
import { type Form, type Limit, limits } from './limits.ts'
import { findWork } from './programme.ts'
import { sections } from './report.ts'
import { runTurns } from './run.ts'
import { check, verdictTable } from './verdict.ts'
import { wholeNumber } from './whole-number.ts'

const usage = `npm run bench:check -- [--quick] [--rounds N] [--only WORK]...

  --quick       fewer works, less time for each, and limits that allow for more noise: about half a minute
  --rounds N    1 to 100 (default 5, with --quick 3)
  --only WORK   only this work; may be given several times

Status 1 if something costs more than src/limits.ts allows.
`

await runCommand('bench:check', async () => {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) process.stdout.write(usage)
  else {
    const rounds = wholeNumber('--rounds', values.rounds ?? (values.quick ? '3' : '5'), 100)
    const form = values.quick ? 'quick' : 'full'
    await judgeAll(form, rounds, chosen(values.only, form))
  }
})

/** The limits of these works, or all of them. Throws a sentence for a work that has none. */
function chosen(names: readonly string[] | undefined, form: Form): readonly Limit[] {
  const all = limits.filter((limit) => limit[form] !== undefined)
  if (names === undefined) return all
  const works = new Set(names.map((name) => findWork(name).name))
  for (const name of works) {
    if (all.some(({ work }) => work === name)) continue
    throw new RangeError(`a ${form} check has no limit for ${name}`)
  }
  return all.filter(({ work }) => works.has(work))
}

async function judgeAll(form: Form, rounds: number, asked: readonly Limit[]): Promise<void> {
  const started = performance.now()
  const budget = form === 'quick' ? 'brief' : 'full'
  const verdicts = await check(asked, form, async (works) =>
    sections(await runTurns(duels(works.map(findWork), rounds), budget)),
  )
  const exceeded = verdicts.filter(({ is }) => is === 'exceeded').length
  const seconds = ((performance.now() - started) / 1_000).toFixed(0)
  console.log(`Node ${process.version}; the limits were measured on Node 20\n`)
  console.log(`${verdictTable(verdicts)}\n`)
  console.log(`${exceeded} of ${verdicts.length} limits exceeded; took ${seconds} s`)
  if (exceeded > 0) process.exitCode = 1
}
