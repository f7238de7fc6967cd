import { versionOf } from '../package-version.ts'
import { type GatewayTrial, runGatewayTrial } from './gateway-trial.ts'
import { runRounds, type WireLine } from './rounds.ts'
import { upstreams } from './upstreams.ts'
import type { WireBudget } from './wire-budget.ts'

/** A gateway under load, with every way to the server behind it. */
export interface GatewaySection {
  readonly clients: number
  readonly connections: number
  readonly lines: readonly WireLine<GatewayTrial>[]
}

export async function runGatewayWork(
  { rounds, ...terms }: WireBudget,
  say: (text: string) => void,
): Promise<GatewaySection> {
  const runners = upstreams.map(({ name, title, packageName }) => ({
    name,
    title,
    version: packageName === null ? null : versionOf(packageName),
    run: () => runGatewayTrial(name, terms),
  }))
  const lines = await runRounds(runners, {
    floor: 'hand',
    rounds,
    say: (text) => say(`gateway, ${text}`),
  })
  return { clients: terms.clients, connections: terms.max, lines }
}
