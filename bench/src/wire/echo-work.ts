import { setTimeout as sleep } from 'node:timers/promises'
import { versionOf } from '../package-version.ts'
import type { EchoFigures } from './echo-borrowers.ts'
import type { LenderName } from './lender.ts'
import { runRounds, type WireContestant, type WireLine } from './rounds.ts'
import { Servant } from './servant.ts'
import type { WireBudget } from './wire-budget.ts'

/** Echo round trips of so many borrowers, by every lender. */
export interface EchoSection {
  readonly borrowers: number
  readonly connections: number
  readonly lines: readonly WireLine<EchoFigures>[]
}

/** Numbers of borrowers, each a work of its own. */
export const crowds = [1, 10, 100, 1_000] as const

interface EchoContestant extends WireContestant {
  readonly lender: LenderName
}

/** The floor stands between the two that are compared with it, so that both are its neighbours in time. */
const contestants: readonly EchoContestant[] = [
  { name: 'connpool', title: 'connpool', version: versionOf('connpool'), lender: 'connpool' },
  { name: 'hand', title: 'floor: sockets by hand', version: null, lender: 'hand' },
  { name: 'control', title: 'control: the floor again', version: null, lender: 'hand' },
]

/** Long enough for a thousand borrowers to get going, short beside what disturbs a machine. */
const sliceSeconds = 0.25

/** In each round everybody's borrowers have a new process; the server's process is one for all rounds. */
export async function runEchoWork(
  borrowers: number,
  { rounds, seconds, warmUpSeconds }: WireBudget,
  say: (text: string) => void,
): Promise<EchoSection> {
  const connections = Math.min(borrowers, 50)
  const slices = Math.ceil(seconds / sliceSeconds)
  const server = await Servant.start('echo-server')
  const terms = [server.port, borrowers, connections, warmUpSeconds * 1_000].map(String)

  const round = async (
    order: readonly EchoContestant[],
    number: number,
  ): Promise<Map<EchoContestant, EchoFigures>> => {
    say(`echo-${borrowers}, round ${number}/${rounds}`)
    const figures = new Map<EchoContestant, EchoFigures>()
    const servants = new Map<EchoContestant, Servant>()
    try {
      for (const who of order) {
        servants.set(who, await Servant.start('echo-borrowers', who.lender, ...terms))
      }
      for (let slice = 0; slice < slices; slice += 1) {
        const turns = [...servants]
        for (const [who, servant] of slice % 2 === 0 ? turns : turns.toReversed()) {
          servant.begin()
          await sleep((seconds / slices) * 1_000)
          // What that process, of our own, tells of itself. The last has all slices in it.
          figures.set(who, (await servant.figures()) as EchoFigures)
        }
      }
    } finally {
      for (const servant of servants.values()) await servant.end()
    }
    return figures
  }
  try {
    const lines = await runRounds({ contestants, floor: 'hand', rounds, round })
    return { borrowers, connections, lines }
  } finally {
    await server.end()
  }
}
