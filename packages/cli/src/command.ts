import { readFileSync } from 'node:fs'
import { constants } from 'node:os'
import { runDemo, warmUpMs } from './demo.ts'
import { DemoError } from './demo-error.ts'
import { checkDescriptors, descriptorLimit } from './descriptors.ts'
import { type DemoFlags, FlagError, parseDemoFlags } from './flags.ts'
import { DEMO_HELP, HELP } from './help.ts'
import { proveWritable, writeJson } from './json-file.ts'
import { jsonReport } from './json-report.ts'
import { createProgress, type ProgressOutput } from './progress.ts'
import { renderTable } from './table.ts'
import { MODES } from './upstream.ts'

/** Where a command writes and what it is told; the process itself, or a test. */
export interface Surroundings {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: ProgressOutput
  readonly env: Readonly<Record<string, string | undefined>>
  /** Aborts with the name of a signal ('SIGINT') as its reason. */
  readonly signal: AbortSignal
}

/** Runs one command line and answers the exit status; an error becomes one sentence on stderr. */
export async function runCommand(args: readonly string[], around: Surroundings): Promise<number> {
  try {
    await dispatch(args, around)
    return 0
  } catch (error) {
    // A signal that goes to the whole group may end a child before its parent has heard of it.
    if (around.signal.aborted) return statusOf(around.signal.reason)
    if (error instanceof FlagError) return say(around, error.message, 2)
    if (error instanceof DemoError) return say(around, error.message, 1)
    throw error
  }
}

async function dispatch(
  [command, ...rest]: readonly string[],
  around: Surroundings,
): Promise<void> {
  switch (command) {
    case 'demo': {
      const flags = parseDemoFlags(rest)
      if (flags === 'help') around.stdout.write(DEMO_HELP)
      else await demo(flags, around)
      return
    }
    case '--help':
    case '-h':
      around.stdout.write(HELP)
      return
    case '--version':
      around.stdout.write(`${version()}\n`)
      return
    case undefined:
      throw new FlagError('A command is missing. See connpool --help.')
  }
  throw new FlagError(`There is no command "${command}". See connpool --help.`)
}

async function demo(flags: DemoFlags, around: Surroundings): Promise<void> {
  if (flags.json !== null) proveWritable(flags.json)
  checkDescriptors(flags, descriptorLimit())
  const totalMs = MODES.length * (warmUpMs(flags) + flags.duration * 1000)
  const progress = createProgress(around.stderr, totalMs, around.env)
  try {
    const report = await runDemo(flags, progress, around.signal)
    progress.end()
    around.stdout.write(renderTable(report))
    if (flags.json !== null) writeJson(flags.json, jsonReport(report))
  } finally {
    progress.end()
  }
}

function say(around: Surroundings, sentence: string, status: number): number {
  around.stderr.write(`connpool: ${sentence}\n`)
  return status
}

/** As a shell reports an end by a signal: 130 for SIGINT. */
function statusOf(reason: unknown): number {
  for (const [name, number] of Object.entries(constants.signals)) {
    if (name === reason) return 128 + number
  }
  return 1
}

function version(): string {
  const manifest: unknown = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  )
  const found = typeof manifest === 'object' && manifest !== null && 'version' in manifest
  return found ? String(manifest.version) : 'unknown'
}
