import type { Figures } from './figures.ts'
import { findings } from './findings.ts'
import { count, decimals, times } from './number-format.ts'
import type { Report } from './report.ts'

interface Row {
  readonly label: string
  readonly value: (figures: Figures) => number
  readonly show: (value: number) => string
  /** Whether a ratio to the first mode says anything. */
  readonly ratio: boolean
}

const MIB = 1024 * 1024

const ROWS: readonly Row[] = [
  { label: 'requests/s', value: (f) => f.requestsPerSecond, show: count, ratio: true },
  { label: 'latency, mean ms', value: (f) => f.latencyMs.mean, show: decimals, ratio: true },
  { label: 'latency, p50 ms', value: (f) => f.latencyMs.p50, show: decimals, ratio: true },
  { label: 'latency, p99 ms', value: (f) => f.latencyMs.p99, show: decimals, ratio: true },
  {
    label: 'gateway CPU, us/request',
    value: (f) => f.gateway.cpuUsPerRequest,
    show: decimals,
    ratio: true,
  },
  {
    label: 'gateway peak memory, MiB',
    value: (f) => f.gateway.peakMemoryBytes / MIB,
    show: decimals,
    ratio: true,
  },
  { label: 'connections opened', value: (f) => f.connections.opened, show: count, ratio: false },
  {
    label: '  accepted by the API',
    value: (f) => f.connections.accepted,
    show: count,
    ratio: false,
  },
  {
    label: '  most open at once',
    value: (f) => f.connections.mostOpen,
    show: count,
    ratio: false,
  },
  { label: 'connection held, ms', value: (f) => f.heldMs, show: decimals, ratio: false },
  { label: 'errors', value: (f) => f.errors, show: count, ratio: false },
]

const LABEL_WIDTH = 26
const VALUE_WIDTH = 11
const RATIO_WIDTH = 14
const TEXT_WIDTH = 96

/** The table, and below it in plain sentences what follows from it. */
export function renderTable(report: Report): string {
  const { flags, modes } = report
  const [base, ...others] = modes
  if (base === undefined) return ''
  const title =
    `${count(flags.connections)} clients, at most ${count(flags.max)} connections (agent, connpool), ` +
    `${flags.delay} ms think time, ${flags.duration} s a mode`
  const ratioNames = others.map(({ mode }) => `${mode}/${base.mode}`)
  const modeNames = modes.map(({ mode }) => mode)
  const lines = [title, '', line('', modeNames, ratioNames)]
  for (const row of ROWS) {
    const values = modes.map((figures) => row.show(row.value(figures)))
    const ratios = others.map((figures) =>
      row.ratio ? times(row.value(figures), row.value(base)) : '',
    )
    lines.push(line(row.label, values, ratios))
  }
  lines.push('')
  for (const finding of findings(report)) lines.push(...wrap(finding))
  return `${lines.join('\n')}\n`
}

function line(label: string, values: readonly string[], ratios: readonly string[]): string {
  const cells = [
    ...values.map((text) => text.padStart(VALUE_WIDTH)),
    ...ratios.map((text) => text.padStart(RATIO_WIDTH)),
  ]
  return (label.padEnd(LABEL_WIDTH) + cells.join('')).trimEnd()
}

/** One finding as a list entry, broken between words. */
function wrap(text: string): string[] {
  const lines: string[] = []
  let line = '*'
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > TEXT_WIDTH) {
      lines.push(line)
      line = ' '
    }
    line += ` ${word}`
  }
  return [...lines, line]
}
