import { parseArgs } from 'node:util'
import { figuresOf } from './child.ts'
import { runCommand } from './command.ts'
import type { Expiry } from './expire.ts'
import { versionOf } from './package-version.ts'
import { findEntrant } from './roster.ts'
import { median, spread } from './spread.ts'
import { wholeNumber } from './whole-number.ts'

const usage = `npm run bench:expiry -- [--waiters N] [--rounds N]

  --waiters N   how many expire together, 1 to 1000000 (default 100000)
  --rounds N    1 to 100 (default 5)
`
const contestants = ['connpool', 'generic-pool', 'lightning-pool', 'tarn', 'timers'] as const
const head = ['longest turn', 'min', 'max', 'without GC', 'max', 'turns', 'last late', 'in order']

await runCommand('bench:expiry', async () => {
  const { values } = parseArgs({
    options: {
      waiters: { type: 'string', default: '100000' },
      rounds: { type: 'string', default: '5' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) process.stdout.write(usage)
  else {
    const waiters = wholeNumber('--waiters', values.waiters, 1_000_000)
    await compare(waiters, wholeNumber('--rounds', values.rounds, 100))
  }
})

async function compare(waiters: number, rounds: number): Promise<void> {
  console.log(`Node ${process.version}; medians of ${rounds} rounds, in ms, a process each\n`)
  console.log(`${waiters.toLocaleString('en')} waiters expire together`)
  console.log(row('', head))
  for (const contestant of contestants) {
    console.log(row(title(contestant), await cells(contestant, waiters, rounds)))
  }
}

async function cells(contestant: string, waiters: number, rounds: number): Promise<string[]> {
  const all: Expiry[] = []
  try {
    while (all.length < rounds) {
      const args = [contestant, String(waiters)]
      const figures = await figuresOf('expiry-child', { flags: [], args })
      all.push(figures as Expiry) // The only thing that the child prints.
    }
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)]
  }
  const longest = spread(all.map(({ longestTurnMs }) => longestTurnMs))
  const work = spread(all.map(({ longestWorkMs }) => longestWorkMs))
  const turns = median(all.map((expiry) => expiry.turns))
  const late = median(all.map(({ lastLateMs }) => lastLateMs))
  const times = [longest.median, longest.min, longest.max, work.median, work.max]
  const ms = times.map((value) => value.toFixed(1))
  const inOrder = all.every((expiry) => expiry.inOrder)
  return [...ms, turns.toFixed(0), late.toFixed(0), inOrder ? 'yes' : 'no']
}

function title(contestant: string): string {
  if (contestant === 'timers') return 'floor: a timer each'
  const { packageName } = findEntrant(contestant)
  return packageName === null ? contestant : `${contestant} ${versionOf(packageName)}`
}

function row(name: string, texts: readonly string[]): string {
  return `  ${name.padEnd(24)}${texts.map((text) => text.padStart(13)).join('')}`
}
