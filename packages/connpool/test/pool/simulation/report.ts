import fc from 'fast-check'
import { FREQUENT, RARE } from './kinds.ts'
import { CHOICES, LARGEST_SEED, type Scenario, type Settings, STEPS } from './scenario.ts'
import type { Trials } from './trials.ts'
import { lawOf } from './verdict.ts'

/** Time after which the shortest scenario found so far is good enough, in ms. */
const PATIENCE_MS = 30_000

const kinds = ['rest', ...new Set([...FREQUENT, ...RARE])]
const step = fc.record({
  kind: fc.constantFrom(...kinds),
  seed: fc.nat({ max: LARGEST_SEED }),
})
const names = Object.entries(CHOICES)
const settings = fc.record(
  Object.fromEntries(names.map(([name, values]) => [name, fc.constantFrom<unknown>(...values)])),
  { requiredKeys: [] },
)
const scenarios: fc.Arbitrary<Scenario> = fc.record({
  // Each name has a value of its choices.
  settings: settings as fc.Arbitrary<Partial<Settings>>,
  steps: fc.array(step, { maxLength: STEPS }),
})

/** The shortest and plainest scenario found that breaks the same law. */
async function shrink(trials: Trials, scenario: Scenario, law: string): Promise<Scenario> {
  const until = performance.now() + PATIENCE_MS
  const property = fc.asyncProperty(scenarios, async (candidate) => {
    if (performance.now() > until) return
    const { failure } = await trials.run(candidate)
    if (failure !== null && lawOf(failure) === law) throw failure
  })
  const found = await fc.check(property, { examples: [[scenario]], numRuns: 1, seed: 1 })
  return found.counterexample?.[0] ?? scenario
}

/** A failure, the shortest scenario that leads to it, step by step, and how to see it again. */
export async function report(
  trials: Trials,
  seed: number,
  scenario: Scenario,
  failure: Error,
): Promise<string> {
  const shortest = await shrink(trials, scenario, lawOf(failure))
  const trace: string[] = []
  const { failure: again } = await trials.run(shortest, trace)
  const options = Object.entries(shortest.settings).map(([name, value]) => `${name}: ${value}`)
  return [
    `seed ${seed}: ${again?.message ?? failure.message}`,
    `  ${shortest.steps.length} of ${scenario.steps.length} steps are needed, with ${options.join(', ') || 'the plainest options'}`,
    ...trace.map((line) => `  ${line}`),
    `  ${again?.message ?? 'and it did not fail again'}`,
    `again: npm run test:soak -- --seed ${seed} --runs 1`,
  ].join('\n')
}
