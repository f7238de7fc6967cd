import { report } from './pool/simulation/report.ts'
import { scenarioOf } from './pool/simulation/scenario.ts'
import { Trials } from './pool/simulation/trials.ts'
import { lawOf } from './pool/simulation/verdict.ts'

/** What a process of the soak has to do. */
export interface Shift {
  /** The first seed, and how many there are to the next. */
  readonly seed: number
  readonly stride: number
  readonly runs: number
  readonly forMs: number
}

/** What it did since it last told. */
export interface Progress {
  readonly runs: number
  readonly events: number
  readonly violations: number
  /** The shortest scenario of the first violation of a law. */
  readonly text: string | null
  /** The seed that is next. */
  readonly seed: number
}

const TELL_EVERY_MS = 1_000

const { seed: first, stride, runs: most, forMs }: Shift = JSON.parse(process.argv[2] ?? '')
const trials = new Trials()
const told = new Set<string>()
const endMs = performance.now() + forMs
let tellMs = performance.now() + TELL_EVERY_MS
let tally = { runs: 0, events: 0, violations: 0 }

function tell(text: string | null, seed: number): void {
  const progress: Progress = { ...tally, text, seed }
  process.send?.(progress)
  tally = { runs: 0, events: 0, violations: 0 }
  tellMs = performance.now() + TELL_EVERY_MS
}

for (let run = 0; run < most && performance.now() < endMs; run++) {
  const seed = first + run * stride
  const scenario = scenarioOf(seed)
  const { failure, events } = await trials.run(scenario)
  tally.runs++
  tally.events += events
  if (failure !== null) {
    tally.violations++
    const law = lawOf(failure)
    if (!told.has(law)) tell(await report(trials, seed, scenario, failure), seed)
    told.add(law)
  }
  if (performance.now() >= tellMs) tell(null, seed + stride)
}
tell(null, first)
process.disconnect()
