import { writeSync } from 'node:fs'
import type { Entrant } from './contestant.ts'
import { findRow } from './programme.ts'
import { Scene } from './scene.ts'
import { sentence } from './sentence.ts'
import { judge, type Verdict } from './verdict.ts'
import { startWatchman } from './watchman.ts'

// The process of one trial: `trial-child.js ROSTER POOL ROW FROZEN_AFTER_MS`. Tells the verdict.

const [rosterUrl = '', pool = '', rowName = '', frozenAfterMs] = process.argv.slice(2)

/** What a child tells. `leaving`: the verdict holds if the process now ends by itself. */
export type Message =
  | { readonly tells: 'playing' }
  | { readonly tells: 'verdict' | 'leaving'; readonly verdict: Verdict }

const tell = (message: Message): void => void process.send?.(message)

startWatchman(Number(frozenAfterMs))
process.on('uncaughtExceptionMonitor', (error, origin) => {
  const what = origin === 'unhandledRejection' ? 'unhandled rejection' : 'uncaught'
  writeSync(2, `\ncrash: ${what}: ${sentence(error)}\n`)
})

const { roster }: { roster: readonly Entrant[] } = await import(rosterUrl)
const entrant = roster.find(({ name }) => name === pool)
if (entrant === undefined) throw new RangeError(`no pool is called '${pool}'`)
const row = findRow(rowName)
tell({ tells: 'playing' })
const verdict = await judge(row, new Scene(entrant))
if (row.ends === 'by itself' && verdict.is === 'pass') tell({ tells: 'leaving', verdict })
else process.send?.({ tells: 'verdict', verdict } satisfies Message, () => process.exit(0))
