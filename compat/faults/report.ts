import { availableParallelism, cpus, release, type } from 'node:os'
import type { Fault } from './fault.ts'
import { broken } from './limits.ts'
import type { Server } from './programme.ts'
import type { Outcome } from './trial.ts'

/** Everything that `--json` writes. Names no host, no user and no folder. */
export interface Report {
  readonly machine: Machine
  readonly tookMs: number
  readonly rows: readonly Row[]
}

export interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly system: string
  readonly node: string
}

/** A server, what was done to it, and what came of it; or why it was not done. */
export interface Row {
  readonly server: string
  readonly fault: string
  readonly skipped?: string
  readonly outcome?: Outcome
  /** The promises that were not kept. */
  readonly broken: readonly string[]
}

export function rowOf(server: Server, fault: Fault, outcome: Outcome | { skipped: string }): Row {
  const names = { server: server.name, fault: fault.name }
  if ('skipped' in outcome) return { ...names, ...outcome, broken: [] }
  return { ...names, outcome, broken: broken(outcome) }
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    system: `${type()} ${/^\d+(\.\d+)?/.exec(release())?.[0] ?? ''}`.trim(),
    node: process.versions.node,
  }
}
