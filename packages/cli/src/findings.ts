import type { Figures } from './figures.ts'
import { count, decimals, percent } from './number-format.ts'
import type { Report } from './report.ts'
import { connectionsFor, cpuRoom, sizing } from './sizing.ts'
import type { Mode } from './upstream.ts'

const NAMES: Readonly<Record<Mode, string>> = {
  new: 'a new connection each time',
  agent: "node:http's Agent",
  connpool: 'connpool',
}

// Two runs of one mode on a shared machine differ by about as much.
const NOISE = 0.03
// The kernel's own work on behalf of the three processes stays below this.
const DISTURBED = 0.15

/** What follows from the figures, in plain sentences; also where connpool is behind. */
export function findings(report: Report): string[] {
  const ours = report.modes.find(({ mode }) => mode === 'connpool')
  const others = report.modes.filter(({ mode }) => mode !== 'connpool')
  const all: string[] = []
  if (ours !== undefined) {
    for (const other of others) all.push(...comparison(ours, other, report))
    all.push(littlesLaw(ours, others, report))
    if (others.length > 0) all.push(EXCHANGE)
  }
  for (const figures of report.modes) all.push(...errors(figures))
  all.push(...disturbances(report))
  all.push(loadCost(report))
  return all
}

const EXCHANGE =
  "new and agent use node:http's client, connpool a lean exchange over a lent socket: " +
  'what separates agent and connpool is that client, not only the pool.'

function comparison(ours: Figures, other: Figures, { flags }: Report): string[] {
  const behind: string[] = []
  const name = NAMES[other.mode]
  const lost = 1 - ours.requestsPerSecond / other.requestsPerSecond
  if (lost > 0) {
    const noise = lost <= NOISE ? ', no more than the noise of such a run' : ''
    behind.push(
      `With at most ${count(flags.max)} connections connpool is behind ${name}: ` +
        `${count(ours.requestsPerSecond)} requests/s against ${count(other.requestsPerSecond)} ` +
        `(${(lost * 100).toFixed(1)} % fewer${noise}).`,
    )
  }
  if (ours.latencyMs.p99 > other.latencyMs.p99 * (1 + NOISE)) {
    behind.push(
      `connpool's p99 latency is higher than that of ${name}: ` +
        `${decimals(ours.latencyMs.p99)} ms against ${decimals(other.latencyMs.p99)} ms.`,
    )
  }
  if (ours.gateway.cpuUsPerRequest > other.gateway.cpuUsPerRequest * (1 + NOISE)) {
    behind.push(
      `connpool takes more CPU of the gateway than ${name}: ` +
        `${decimals(ours.gateway.cpuUsPerRequest)} us a request against ` +
        `${decimals(other.gateway.cpuUsPerRequest)} us.`,
    )
  }
  return behind
}

/** What size the law asks for: connections = rate x time held. */
function littlesLaw(ours: Figures, others: readonly Figures[], report: Report): string {
  const { max } = report.flags
  const { inUse, capacity, limit } = sizing(ours, max, report.cores, report.flags.delay)
  const held = `${decimals(ours.heldMs)} ms`
  const law =
    `Little's law (connections = rate x time held): ${count(ours.requestsPerSecond)} requests/s x ` +
    `${held} = ${decimals(inUse)} of ${count(max)} connections in use`
  switch (limit) {
    case 'neither':
      return `${law}; the pool is not what limits the rate, ${count(Math.ceil(inUse))} would carry it.`
    case 'cpu':
      return (
        `${law}: always all of them, but the CPU is full too (${cpu(ours, report)}), so a request ` +
        'holds its connection mostly while it waits for the CPU; more connections would only be ' +
        'held longer.'
      )
    case 'pool':
      return (
        `${law}, with CPU to spare (${cpu(ours, report)}): the pool is the limit, ${count(max)} ` +
        `connections carry at most ${count(max)} / ${held} = ${count(capacity)} requests/s.` +
        wanted(ours, others, report)
      )
  }
  return limit satisfies never
}

/** The sizes at which the pool would no longer be the limit. */
function wanted(ours: Figures, others: readonly Figures[], { cores }: Report): string {
  const sizes: string[] = []
  for (const { mode, requestsPerSecond: rate } of others) {
    if (rate <= ours.requestsPerSecond * (1 + NOISE)) continue
    const size = Math.ceil(connectionsFor(rate, ours.heldMs))
    sizes.push(`to keep up with ${NAMES[mode]} (${count(rate)}/s) it needs ${count(size)}`)
  }
  const room = cpuRoom(ours, cores)
  if (room > 1 + NOISE) {
    const rate = ours.requestsPerSecond * room
    const size = Math.ceil(connectionsFor(rate, ours.heldMs))
    sizes.push(
      `for all that the CPU can do (at most ${count(rate)}/s) it asks for ${count(size)}: ` +
        `try --max ${size}`,
    )
  }
  if (sizes.length === 0) return ''
  return ` ${sizes.join('; ').replace(/^./, (letter) => letter.toUpperCase())}.`
}

function cpu(figures: Figures, { cores }: Report): string {
  const { gateway, api, load, otherCores } = figures
  const parts = [gateway, api, load].map((process) => percent(process.cores))
  const others = otherCores === null ? '' : `, other programs ${percent(otherCores)}`
  return `of ${cores} cores the gateway took ${parts[0]} of one, the API ${parts[1]}, the load ${parts[2]}${others}`
}

function errors({ mode, errors: total, errorsSeen, failures }: Figures): string[] {
  if (total === 0) return []
  const list = (counts: Readonly<Record<string, number>>): string =>
    Object.entries(counts)
      .map(([name, times]) => `${count(times)} ${name}`)
      .join(', ')
  const causes = Object.keys(failures).length === 0 ? '' : `; at the gateway: ${list(failures)}`
  const found = [`${mode}: ${count(total)} requests failed (${list(errorsSeen)}${causes}).`]
  if (Object.hasOwn(failures, 'EADDRNOTAVAIL')) {
    found.push(
      `${mode}: the system ran out of local ports, because a closed connection keeps its port for ` +
        'a while (TIME_WAIT): that too is a price of a new connection each time. A shorter ' +
        '--duration or fewer --connections avoid it.',
    )
  }
  if (Object.hasOwn(failures, 'EMFILE')) {
    found.push(`${mode}: the gateway ran out of file descriptors: raise the limit (ulimit -n).`)
  }
  return found
}

/** Other programs at work make the figures of a mode worse, and modes hard to compare. */
function disturbances({ modes, cores }: Report): string[] {
  const disturbed = modes.filter(({ otherCores }) => (otherCores ?? 0) > DISTURBED * cores)
  if (disturbed.length === 0) return []
  const list = disturbed.map(({ mode, otherCores }) => `${mode} ${(otherCores ?? 0).toFixed(1)}`)
  return [
    `Other programs were at work on this machine (${list.join(', ')} of ${cores} cores): ` +
      'these figures are worse than they need be, and the modes compare less well.',
  ]
}

function loadCost({ modes }: Report): string {
  const costs = modes.map(({ mode, load }) => `${mode} ${decimals(load.cpuUsPerRequest)} us`)
  return `The load generator's own CPU per request, in its own process: ${costs.join(', ')}.`
}
