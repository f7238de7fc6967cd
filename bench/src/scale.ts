import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { runCommand } from './command.ts'
import { openFigures, typedPath } from './figures-file.ts'
import { thisMachine } from './machine.ts'
import { progress } from './progress.ts'
import { type Measured, measureSeries } from './scale/curves.ts'
import { svgOf } from './scale/plot.ts'
import { labelOf, type ScaleReport, scaleTable } from './scale/scale-table.ts'
import { allSeries, findSeries, type Series } from './scale/series.ts'
import { wholeNumber } from './whole-number.ts'

const names = allSeries.map((series) => series.name).join(', ')

const usage = `npm run bench:scale -- [--rounds N] [--only SERIES]... [--most N] [--out FOLDER] [--json FILE] [--quick]

  --rounds N     rounds, 1 to 100 (default 3)
  --only SERIES  only this series; may be given several times:
                 ${names}
  --most N       no size beyond this one, 1 to 1000000 (default 1000000)
  --out FOLDER   where the plots go (default bench/out)
  --json FILE    write all figures there as well
  --quick        sizes 1 and 10 in one round: does everything run? The figures mean nothing
`

interface Order {
  readonly series: readonly Series[]
  readonly rounds: number
  readonly most: number
  readonly out: string
  readonly json: string | undefined
  readonly quick: boolean
}

/** Reads the command line. Throws a sentence that names the flag and what it takes. */
function order(args: readonly string[]): Order | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rounds: { type: 'string' },
      only: { type: 'string', multiple: true },
      most: { type: 'string' },
      out: { type: 'string' },
      json: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  const { rounds, only, most, out, json, quick } = values
  return {
    series: only === undefined ? allSeries : [...new Set(only.map(findSeries))],
    rounds: wholeNumber('--rounds', rounds ?? (quick ? '1' : '3'), 100),
    most: wholeNumber('--most', most ?? (quick ? '10' : '1000000'), 1_000_000),
    // npm runs the script in bench.
    out: out === undefined ? resolve('out') : typedPath(out),
    json,
    quick,
  }
}

async function scale({ series, rounds, most, out, json, quick }: Order): Promise<void> {
  const write = await openFigures(json)
  await mkdir(out, { recursive: true }).catch((error: Error) => {
    throw new Error(`--out: cannot make ${out} (${error.message})`, { cause: error })
  })
  const started = performance.now()
  const measured: Measured[] = []
  for (const one of series) {
    const sizes = one.sizes.filter((size) => size <= most)
    const pace = quick ? 'quick' : 'full'
    measured.push(await measureSeries(one, { sizes, rounds, pace, say: progress }))
    await draw(measured.at(-1), out)
  }
  progress('')
  const tookMs = Math.round(performance.now() - started)
  const report: ScaleReport = { machine: thisMachine(), rounds, quick, tookMs, series: measured }
  process.stdout.write(`${scaleTable(report)}\n\nplots: ${out}\n`)
  process.stdout.write(`took ${(tookMs / 1_000).toFixed(0)} s\n`)
  await write(report)
}

/** A plot for each figure of the series, drawn as soon as it is known: a run takes long, and may be broken off. */
async function draw(measured: Measured | undefined, out: string): Promise<void> {
  if (measured === undefined) return
  const { series, title, of, charts } = measured
  for (const { measure, title: y, curves } of charts) {
    const lines = curves.map((curve) => ({
      title: labelOf(curve),
      points: curve.points.map(({ size, figure }) => ({ x: size, y: figure.median })),
    }))
    await writeFile(join(out, `${series}-${measure}.svg`), svgOf({ title, x: of, y, lines }))
  }
}

await runCommand('bench:scale', async () => {
  const ordered = order(process.argv.slice(2))
  if (ordered === 'help') process.stdout.write(usage)
  else await scale(ordered)
})
