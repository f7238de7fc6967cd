import { inWords } from './machine.ts'
import type { Failed, Line, Report, Section } from './report.ts'

/** The report as aligned text, one block a work. */
export function table(report: Report): string {
  const { machine } = report
  const head = [
    inWords(machine),
    `median and range of ${report.rounds} rounds, every trial in a process of its own`,
  ]
  if (report.clock === 'cpu') head.push('time that the process computed, all in one thread')
  if (report.quick) head.push('quick run: these figures mean nothing')
  const all = report.works.flatMap(({ lines, failed }) => [...lines, ...failed])
  const width = Math.max(...all.map(label).map(length))
  return [head.join('\n'), ...report.works.map((section) => block(section, width))].join('\n\n')
}

function block(section: Section, width: number): string {
  const goal = section.goal === null ? '' : `  goal: ${section.goal}`
  const measured = `${section.measures}/${section.unit}`
  const header = row('', width, [measured, 'min', 'max', bytesTitle(section.bytes), 'x floor'])
  const lines = section.lines.map((line) =>
    row(label(line), width, [
      digits(line.figure.median),
      digits(line.figure.min),
      digits(line.figure.max),
      (line.bytes ?? line.aboveFloor).toFixed(0),
      line.toFloor.toFixed(2),
    ]),
  )
  const failed = section.failed.map((one) => `  ${label(one).padEnd(width)}  ${one.failure}`)
  return [`${section.title}  [${section.work}]${goal}`, header, ...lines, ...failed].join('\n')
}

function bytesTitle(bytes: Section['bytes']): string {
  switch (bytes) {
    case 'allocated':
      return 'B'
    case 'retained':
      return 'B kept'
    case 'at rest':
      return 'above floor'
  }
}

function row(name: string, width: number, cells: readonly string[]): string {
  return `  ${name.padEnd(width)}${cells.map((cell) => cell.padStart(12)).join('')}`
}

function label(line: Line | Failed): string {
  return line.version === null ? line.title : `${line.title} ${line.version}`
}

function length(text: string): number {
  return text.length
}

/** Three digits say all that such a figure knows. */
function digits(figure: number): string {
  return figure < 100 ? figure.toFixed(1) : figure.toFixed(0)
}
