// Plants small faults in the core and in the pool, one at a time, and sees whether their tests find them:
// those of the core, the walks and the digest of the explorer; those of the pool. What nobody finds has to
// be argued for in survivors.ts.
//
//   npm run test:mutants                every fault
//   npm run test:mutants -- core/queue  those whose file, member or code contains one of the words
//   npm run test:mutants -- --jobs=1    on one core
//   npm run test:mutants -- --verbose   says of each what found it
import { compile } from './compile.ts'
import { Crew } from './crew.ts'
import { Modules } from './modules.ts'
import { applied, type Mutant, mutantsOf } from './mutations.ts'
import { insistOn, order } from './order.ts'
import { Score, show } from './score.ts'
import type { Task } from './worker.ts'

const PROGRESS_MS = 10_000
const PARTS = ['core', 'pool'] as const

const { words, jobs, verbose } = order()
const root = compile()
const modules = new Modules(root)
const planted = { core: mutantsIn('core'), pool: mutantsIn('pool') }
insistOn(planted.core.length + planted.pool.length, words)
const crew = new Crew(root, jobs)
try {
  for (const scope of PARTS) {
    const found = await crew.try({ scope, code: {} })
    if (found !== null) throw new Error(`found in nothing: ${JSON.stringify(found)}`)
  }
  const scores = []
  for (const part of PARTS) scores.push(await judge(part))
  const isWhole = words.length === 0
  const tried = scores.filter((score) => score.tried > 0)
  const areWell = tried.map((score) => score.report(isWhole))
  process.exitCode = areWell.includes(false) ? 1 : 0
} finally {
  crew.dismiss()
}

function mutantsIn(part: (typeof PARTS)[number]): Mutant[] {
  return modules
    .list(`src/${part}`)
    .flatMap((path) => mutantsOf(path.slice('src/'.length, -'.js'.length), modules.read(path)))
    .filter(isMeant)
}

async function judge(part: (typeof PARTS)[number]): Promise<Score> {
  const mutants = planted[part]
  const score = new Score(part)
  let told = performance.now()
  await Promise.all(
    mutants.map(async (mutant) => {
      const finding = await crew.try(taskOf(mutant, part))
      if (verbose) console.log(`${show(mutant)}\n  ${finding?.check}: ${finding?.message}`)
      score.note(mutant, finding)
      if (finding === null) console.log(`survives: ${show(mutant)}`)
      if (performance.now() - told < PROGRESS_MS) return
      told = performance.now()
      console.log(`${part}: ${score.tried} of ${mutants.length}`)
    }),
  )
  return score
}

function taskOf(mutant: Mutant, scope: Task['scope']): Task {
  const path = `src/${mutant.file}.js`
  return { scope, code: { [path]: applied(mutant, modules.read(path)) } }
}

function isMeant({ file, where, from }: Mutant): boolean {
  return words.length === 0 || words.some((word) => `${file} ${where} ${from}`.includes(word))
}
