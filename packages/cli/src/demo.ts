import { availableParallelism } from 'node:os'
import { Crew } from './crew.ts'
import { DemoError } from './demo-error.ts'
import { combine, type Figures } from './figures.ts'
import type { DemoFlags } from './flags.ts'
import { measureMachine } from './machine.ts'
import type { Progress } from './progress.ts'
import type { Report } from './report.ts'
import { MODES, type Mode } from './upstream.ts'

/** How long a mode runs before it is measured, in ms: a fifth of the measurement, at most 2 s. */
export function warmUpMs(flags: DemoFlags): number {
  return Math.min(2000, flags.duration * 200)
}

/**
 * The experiment: each mode in processes of its own, one mode after the other. However it ends, no process
 * is left behind.
 * @throws DemoError with one sentence; the reason of `signal` when that aborts
 */
export async function runDemo(
  flags: DemoFlags,
  progress: Progress,
  signal: AbortSignal,
): Promise<Report> {
  const modes: Figures[] = []
  for (const mode of MODES) modes.push(await measure(mode, flags, progress, signal))
  progress.end()
  return { flags, cores: availableParallelism(), modes }
}

async function measure(
  mode: Mode,
  flags: DemoFlags,
  progress: Progress,
  signal: AbortSignal,
): Promise<Figures> {
  const { connections, duration, max, delay } = flags
  const crew = new Crew(signal)
  try {
    const api = await crew.hire('api', { delayMs: delay })
    const gateway = await crew.hire('gateway', { mode, apiPort: api.port, max })
    const load = await crew.hire('load', { port: gateway.port, connections })

    progress.step(mode, 'warm-up', warmUpMs(flags))
    await crew.watch(warmUpMs(flags))
    for (const member of [gateway, api, load]) member.begin()
    const machine = measureMachine()

    progress.step(mode, 'measuring', duration * 1000)
    await crew.watch(duration * 1000)
    const busyCores = machine()
    const [ofLoad, ofGateway, ofApi] = await Promise.all([load.end(), gateway.end(), api.end()])

    const figures = combine(mode, ofApi, ofGateway, ofLoad, busyCores)
    if (figures.answered === 0) throw new DemoError(nothing(figures))
    return figures
  } finally {
    await crew.dismiss()
  }
}

function nothing({ mode, errors, errorsSeen, failures }: Figures): string {
  if (errors === 0) return `No request was answered in mode ${mode}: try a longer --duration.`
  const why = Object.keys({ ...failures, ...errorsSeen }).join(', ')
  return `No request was answered in mode ${mode}: ${errors} failed (${why}).`
}
