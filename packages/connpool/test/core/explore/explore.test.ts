import assert from 'node:assert/strict'
import { test } from 'node:test'
import { seeded } from '../../support/seeded.ts'
import { explore } from './explorer.ts'
import { digest } from './programme.ts'
import { testOf } from './report.ts'
import { doubt } from './twins.ts'

/** One of so many arrivals at a known state is doubted. */
const DOUBTED = 1 / 200

test('in every state that a small pool can reach, the laws hold', { timeout: 100_000 }, () => {
  const { violations, states } = explored()
  assert.deepEqual(violations, [])
  assert.ok(states > 30_000, 'so few states are no exploration')
})

test('histories that are taken for one state have the same futures', { timeout: 100_000 }, () => {
  const { differences, doubts } = explored()
  assert.deepEqual(differences, [])
  assert.ok(doubts > 1_000, 'so few doubts prove nothing')
})

interface Findings {
  readonly states: number
  readonly doubts: number
  /** Tests that show them. */
  readonly violations: readonly string[]
  readonly differences: readonly string[]
}

let findings: Findings | null = null

/** Both promises are kept by one exploration, which takes most of the time. */
function explored(): Findings {
  findings ??= exploreDigest()
  return findings
}

function exploreDigest(): Findings {
  const random = seeded(1)
  const violations: string[] = []
  const differences: string[] = []
  let [states, transitions, doubts] = [0, 0, 0]
  for (const setting of digest) {
    const found = explore(setting, (_, known, other) => {
      if (random() > DOUBTED) return
      doubts++
      const difference = doubt(setting, known, other, random)
      if (difference !== null) differences.push(`${setting.name}: ${difference}`)
    })
    states += found.states
    transitions += found.transitions
    if (found.violation !== null) violations.push(`${setting.name}:\n${testOf(found.violation)}`)
  }
  console.log(`${digest.length} settings, ${states} states, ${transitions} transitions`)
  console.log(`${doubts} doubts`)
  return { states, doubts, violations, differences }
}
