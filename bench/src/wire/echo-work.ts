import { figuresOf } from '../child.ts'
import { versionOf } from '../package-version.ts'
import type { EchoFigures } from './echo-trial.ts'
import type { LenderName } from './lender.ts'
import { type Runner, runRounds, type WireLine } from './rounds.ts'
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

/** The floor stands between the two that are compared with it, so that both are its neighbours in time. */
const contestants: readonly (Omit<Runner<EchoFigures>, 'run'> & { readonly lender: LenderName })[] =
  [
    {
      name: 'connpool',
      title: 'connpool',
      version: versionOf('connpool'),
      lender: 'connpool',
    },
    { name: 'hand', title: 'floor: sockets by hand', version: null, lender: 'hand' },
    { name: 'control', title: 'control: the floor again', version: null, lender: 'hand' },
  ]

/** Each trial has its borrowers in a new process; the server's process is one for all of them. */
export async function runEchoWork(
  borrowers: number,
  { rounds, seconds, warmUpSeconds }: WireBudget,
  say: (text: string) => void,
): Promise<EchoSection> {
  const connections = Math.min(borrowers, 50)
  const server = await Servant.start('echo-server')
  try {
    const terms = [server.port, borrowers, connections, warmUpSeconds * 1_000, seconds * 1_000]
    const lines = await runRounds(
      contestants.map(({ lender, ...who }) => ({
        ...who,
        run: async () => {
          const order = { flags: [], args: [lender, ...terms.map(String)] }
          const failing = `${who.name} failed at ${borrowers} borrowers`
          // The only thing that the child prints.
          return (await figuresOf('wire/echo-child', order, failing)) as EchoFigures
        },
      })),
      { floor: 'hand', rounds, say: (text) => say(`echo-${borrowers}, ${text}`) },
    )
    return { borrowers, connections, lines }
  } finally {
    await server.end()
  }
}
