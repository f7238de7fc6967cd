import type { Running } from './dial-history.ts'
import { type Fault, faults } from './fault.ts'
import type { Findings } from './findings.ts'
import { type Server, servers } from './programme.ts'
import type { Report, Row } from './report.ts'

const COLUMNS = [
  'what was done to it',
  'served',
  'not served',
  'unanswered',
  'latest',
  'back after',
  'what ran then',
  'most',
  'at the end',
]

/** The report in Markdown: a table a server, a line a fault. */
export function table({ machine, rows }: Report): string {
  const { cpu, cores, system, node } = machine
  const head = `On ${cpu} (${cores} cores), ${system}, Node ${node}.`
  const tables = servers.flatMap((server) => {
    const own = rows.filter((row) => row.server === server.name)
    return own.length === 0 ? [] : [tableOf(server, own)]
  })
  return [head, ...tables].join('\n\n')
}

function tableOf(server: Server, rows: readonly Row[]): string {
  const version = rows.find(({ outcome }) => outcome?.findings)?.outcome?.findings?.version
  const title = `**${version ?? server.name}**, pooled by ${server.pooled}`
  const lines = rows.map((row) => {
    const fault = faults.find(({ name }) => name === row.fault)
    return fault === undefined ? [] : lineOf(fault, row)
  })
  const rule = COLUMNS.map(() => '---')
  return [title, '', ...[COLUMNS, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`)].join(
    '\n',
  )
}

function lineOf(fault: Fault, { skipped, outcome }: Row): string[] {
  const found = outcome?.findings
  const title = fault.title.replace('{s}', `${fault.lastsMs / 1_000} s`)
  if (found === undefined) {
    const why = skipped ?? `no findings: ${outcome?.ended?.trim() ?? ''}`
    return [title, why, ...COLUMNS.slice(2).map(() => '')]
  }
  const { served, failed, unanswered, late, recovery, most, max } = found
  const codes = Object.entries(failed).map(([code, count]) => `${whole(count)} \`${code}\``)
  return [
    title,
    whole(served),
    codes.join(', ') || '0',
    whole(unanswered),
    ms(late.unstalledMs),
    ms(recovery.tookMs),
    phrase(recovery.running),
    `${most} of ${max}`,
    endOf(found),
  ]
}

function phrase(running: Running): string {
  switch (running.is) {
    case 'nothing':
      return 'nothing'
    case 'dial':
      return `a dial, ${ms(running.restMs)} more${running.failed ? ', in vain' : ''}`
    case 'delay':
      return `a delay of ${ms(running.ms)}, ${ms(running.restMs)} left`
  }
  return running satisfies never
}

/** Connections by our count and by the server's: when the load was over, and after `close()`. */
function endOf({ counts, left }: Findings): string {
  return `${counts.ours} = ${counts.servers ?? '?'}, then ${left.ours} = ${left.servers ?? '?'}`
}

function ms(time: number): string {
  return `${whole(Math.round(time))} ms`
}

function whole(count: number): string {
  return count.toLocaleString('en')
}
