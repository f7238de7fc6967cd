import { versionOf } from '../package-version.ts'
import { type GatewayTrial, runGatewayTrial } from './gateway-trial.ts'
import { runRounds, type WireContestant, type WireLine } from './rounds.ts'
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
  const contestants = upstreams.map(({ name, title, packageName }) => ({
    name,
    title,
    version: packageName === null ? null : versionOf(packageName),
  }))
  const round = async (
    order: readonly WireContestant[],
    number: number,
  ): Promise<Map<WireContestant, GatewayTrial>> => {
    const figures = new Map<WireContestant, GatewayTrial>()
    for (const who of order) {
      say(`gateway, round ${number}/${rounds}: ${who.name}`)
      figures.set(who, await runGatewayTrial(who.name, terms))
    }
    return figures
  }
  const lines = await runRounds({ contestants, floor: 'hand', rounds, round })
  return { clients: terms.clients, connections: terms.max, lines }
}
