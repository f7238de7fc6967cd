import { inWords } from './machine.ts'
import type { Line, Report, Section } from './report.ts'

/** The report as aligned text, one block a work. */
export function table(report: Report): string {
  const { machine } = report
  const head = [
    inWords(machine),
    `median and range of ${report.rounds} rounds, every trial in a process of its own`,
  ]
  if (report.quick) head.push('quick run: these figures mean nothing')
  const width = Math.max(...report.works.flatMap(({ lines }) => lines.map(label)).map(length))
  return [head.join('\n'), ...report.works.map((section) => block(section, width))].join('\n\n')
}

function block(section: Section, width: number): string {
  const bytes = section.bytes === 'allocated' ? 'B' : 'B kept'
  const header = row('', width, [`ns/${section.unit}`, 'min', 'max', bytes, 'x floor'])
  const lines = section.lines.map((line) =>
    row(label(line), width, [
      digits(line.ns.median),
      digits(line.ns.min),
      digits(line.ns.max),
      line.bytes.toFixed(0),
      line.toFloor.toFixed(2),
    ]),
  )
  const goal = section.goal === null ? '' : `  goal: ${section.goal}`
  return [`${section.title}  [${section.work}]${goal}`, header, ...lines].join('\n')
}

function row(name: string, width: number, cells: readonly string[]): string {
  return `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}`
}

function label(line: Line): string {
  return line.version === null ? line.title : `${line.title} ${line.version}`
}

function length(text: string): number {
  return text.length
}

/** Three digits say all that such a figure knows. */
function digits(ns: number): string {
  return ns < 100 ? ns.toFixed(1) : ns.toFixed(0)
}
