import { columns } from '../columns.ts'
import { inWords, type Machine } from '../machine.ts'
import type { EchoFigures } from './echo-borrowers.ts'
import type { EchoSection } from './echo-work.ts'
import type { GatewayTrial } from './gateway-trial.ts'
import type { GatewaySection } from './gateway-work.ts'
import { medianOf, type TrialFigures, type WireLine } from './rounds.ts'
import type { WireBudget } from './wire-budget.ts'

/** Everything that `--json` writes. */
export interface WireReport {
  readonly machine: Machine
  /** True when the sizes were too small for the figures to mean anything. */
  readonly quick: boolean
  readonly budget: WireBudget
  readonly tookMs: number
  readonly echo: readonly EchoSection[]
  readonly gateway: GatewaySection | null
}

/** The report as aligned text, one block a work. */
export function wireTable({ machine, quick, budget, echo, gateway }: WireReport): string {
  const head = [
    inWords(machine),
    `medians of ${budget.rounds} rounds of ${budget.seconds} s; x floor: median and range of the ratios of CPU time`,
  ]
  if (quick) head.push('quick run: these figures mean nothing')
  const blocks = echo.map(echoBlock)
  if (gateway !== null) blocks.push(gatewayBlock(gateway, budget))
  return [head.join('\n'), ...blocks].join('\n\n')
}

function echoBlock({ borrowers, connections, lines }: EchoSection): string {
  const title = `${count(borrowers, 'borrower')} on ${count(connections, 'connection')}, 64 B there and back  [echo-${borrowers}]`
  const head = ['', 'x floor', 'min', 'max', 'CPU us', 'trips/s', 'p50 us', 'p99 us', 'p99.9 us']
  const row = (line: WireLine<EchoFigures>): string[] => [
    ...labelAndRatio(line),
    medianOf(line, ({ cpuUs }) => cpuUs).toFixed(1),
    ...[
      medianOf(line, ({ perSecond }) => perSecond),
      medianOf(line, ({ p50Us }) => p50Us),
      medianOf(line, ({ p99Us }) => p99Us),
      medianOf(line, ({ p999Us }) => p999Us),
    ].map((figure) => figure.toFixed(0)),
  ]
  return `${title}\n${columns([head, ...lines.map(row)])}`
}

function gatewayBlock(section: GatewaySection, { load }: WireBudget): string {
  const { clients, connections, lines } = section
  const title = `HTTP gateway, ${count(clients, 'client')} (${load}), ${count(connections, 'connection')} upstream  [gateway]`
  const head = [
    ...['', 'x floor', 'min', 'max', 'CPU us', 'requests/s', 'p50 ms', 'p99 ms', 'p99.9 ms'],
    ...['opened', 'peak MB', 'failed'],
  ]
  const row = (line: WireLine<GatewayTrial>): string[] => [
    ...labelAndRatio(line),
    medianOf(line, ({ cpuUs }) => cpuUs).toFixed(1),
    ...[
      medianOf(line, ({ perSecond }) => perSecond),
      medianOf(line, ({ p50Ms }) => p50Ms),
      medianOf(line, ({ p99Ms }) => p99Ms),
      medianOf(line, ({ p999Ms }) => p999Ms),
      medianOf(line, ({ opened }) => opened),
      medianOf(line, ({ peakMemory }) => peakMemory) / 1e6,
      line.rounds.reduce((sum, { failed }) => sum + failed, 0),
    ].map((figure) => figure.toFixed(0)),
  ]
  return `${title}\n${columns([head, ...lines.map(row)])}`
}

function labelAndRatio<Figures extends TrialFigures>(line: WireLine<Figures>): string[] {
  const label = line.version === null ? line.title : `${line.title} ${line.version}`
  const { median, min, max } = line.cpuToFloor
  return [label, ...[median, min, max].map((ratio) => ratio.toFixed(2))]
}

function count(number: number, noun: string): string {
  return `${number.toLocaleString('en')} ${noun}${number === 1 ? '' : 's'}`
}
