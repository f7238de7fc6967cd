import { columns } from '../columns.ts'
import { inWords, type Machine } from '../machine.ts'
import type { Curve, Measured } from './curves.ts'

/** Everything that `--json` writes. */
export interface ScaleReport {
  readonly machine: Machine
  readonly rounds: number
  /** True when it was over too soon for the figures to mean anything. */
  readonly quick: boolean
  readonly tookMs: number
  readonly series: readonly Measured[]
}

/** The report as aligned text, one block a figure, one column a size. */
export function scaleTable({ machine, rounds, quick, series }: ScaleReport): string {
  const head = [inWords(machine), `medians of ${rounds} rounds, every point in a new process`]
  if (quick) head.push('quick run: these figures mean nothing')
  return [head.join('\n'), ...series.map(blocks)].join('\n\n')
}

function blocks({ series, title, of, sizes, charts, notes }: Measured): string {
  const tables = charts.map((chart) => {
    const header = ['', ...sizes.map((size) => size.toLocaleString('en'))]
    return `  ${chart.title}\n${columns([header, ...chart.curves.map((curve) => row(curve, sizes))])}`
  })
  const lines = [`${title}, by the number of ${of}  [${series}]`, ...tables]
  return [...lines, ...notes.map((note) => `  - ${note}`)].join('\n')
}

function row(curve: Curve, sizes: readonly number[]): string[] {
  const cells = sizes.map((size) => {
    const point = curve.points.find((candidate) => candidate.size === size)
    return point === undefined ? '-' : digits(point.figure.median)
  })
  return [labelOf(curve), ...cells]
}

export function labelOf({ title, version }: Curve): string {
  return version === null ? title : `${title} ${version}`
}

/** Three digits say all that such a figure knows. */
function digits(figure: number): string {
  if (Math.abs(figure) < 100) return figure.toFixed(1)
  return Number(figure.toPrecision(3)).toLocaleString('en')
}
