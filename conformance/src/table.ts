import type { Report } from './report.ts'
import type { Verdict } from './verdict.ts'

const titleWidth = 38
const cellWidth = 16
const gap = '  '

/** The report as aligned text: a line or more a row, a column a pool, and under it how many it passed. */
export function table({ node, pools, rows }: Report): string {
  const header = block(['', ...pools.map(({ name, version }) => `${name} ${version}`.trim())])
  const body = rows.map(({ name: row, title, verdicts }) =>
    block([`${row}: ${title}`, ...pools.map(({ name }) => cell(verdicts[name]))]),
  )
  const sums = pools.map(({ name }) => {
    const passed = rows.filter(({ verdicts }) => verdicts[name]?.is === 'pass').length
    return `${passed} of ${rows.length}`
  })
  const rule = '-'.repeat(header.split('\n')[0]?.length ?? 0)
  return [`Node ${node}`, header, rule, ...body, rule, block(['passed', ...sums])].join('\n')
}

/** What a cell says in words. */
export function cell(verdict: Verdict | undefined): string {
  if (verdict === undefined) return ''
  if (verdict.is !== 'pass') return verdict.said
  return verdict.said === '' ? 'pass' : `pass (${verdict.said})`
}

/** Cells side by side, each wrapped to the width of its column. */
function block(cells: readonly string[]): string {
  const columns = cells.map((text, i) => wrap(text, i === 0 ? titleWidth : cellWidth))
  const height = Math.max(...columns.map((lines) => lines.length))
  return Array.from({ length: height }, (_, line) =>
    columns
      .map((lines, i) => (lines[line] ?? '').padEnd(i === 0 ? titleWidth : cellWidth))
      .join(gap),
  ).join('\n')
}

/** Breaks at spaces; a word that is longer than the width stays whole. */
function wrap(text: string, width: number): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) ?? ''
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines
}
