import type { Exports, Load } from './modules.ts'

/** How often is walked: less often than `npm test` walks, since what escapes is explored. */
const WALKS = 300

/** Something that throws, or rejects, when it finds a fault. */
export interface Check {
  readonly name: string
  readonly run: () => unknown
}

/** Checks that are loaded together. */
export interface Group {
  readonly name: string
  readonly checks: (load: Load) => Iterable<Check>
}

/** What a check threw that found a fault after so many events, from the start of a pool. */
export class ShortestHistory extends Error {
  readonly events: number

  constructor(message: string, events: number) {
    super(message)
    this.events = events
  }
}

/** The one loads the package as it is built, without the fault; the other is a group of its own. */
const UNTRIED = new Set(['test/pool/types.test.js', 'test/core/walk.test.js'])

/** The files of tests in a folder. */
export function testsIn(paths: readonly string[]): Group[] {
  return paths
    .filter((path) => path.endsWith('.test.js') && !UNTRIED.has(path))
    .map((path) => ({ name: path, checks: (load) => testsOf(load, path) }))
}

/** The random walks over the core. */
export const walks: Group = {
  name: 'walk',
  *checks(load) {
    const { run, walkOf } = load('test/core/support/walk.js') as Walking // Compiled from it.
    for (let seed = 1; seed <= WALKS; seed++) {
      const judge = () => {
        const walk = walkOf(seed)
        const error = run(walk)
        if (error !== null) throw error
      }
      yield { name: `walk ${seed}`, run: judge }
    }
  },
}

/** The digest of the explorer, each of its settings by itself. */
export function explorations(load: Load): Group[] {
  const { digest } = load('test/core/explore/programme.js') as Programme // Compiled from it.
  return digest.map((setting, index) => ({ name: setting.name, checks: explorationOf(index) }))
}

type Walking = typeof import('../core/support/walk.ts')
type Explorer = typeof import('../core/explore/explorer.ts')
type Programme = typeof import('../core/explore/programme.ts')

const explorationOf = (index: number) =>
  function* (load: Load): Generator<Check> {
    const { explore } = load('test/core/explore/explorer.js') as Explorer // Compiled from it.
    const { digest } = load('test/core/explore/programme.js') as Programme // The same.
    const setting = digest[index]
    if (setting === undefined) throw new RangeError(`there is no setting ${index}`)
    const run = () => {
      const { violation } = explore(setting)
      if (violation === null) return
      throw new ShortestHistory(violation.error.message, violation.history.length)
    }
    yield { name: `every state of ${setting.name}`, run }
  }

/** Whoever starts a process is not tried: it would load what is unhurt. */
const noProcesses = new Error('no process is started here')

/** What tests import, instead of what there is. */
export const doubles: Readonly<Record<string, Exports>> = {
  'node:test': { test, describe: (_: string, suite: () => void) => suite() },
  'node:child_process': { spawn: refuse, spawnSync: refuse, fork: refuse, execFileSync: refuse },
}

let collected: Check[] = []

function* testsOf(load: Load, path: string): Generator<Check> {
  collected = []
  yield { name: path, run: () => void load(path) }
  yield* collected
}

type Hook = () => unknown
type Body = (context: { readonly after: (hook: Hook) => void }) => unknown

/** As that of node:test: the body comes last. */
function test(name: string, ...rest: readonly unknown[]): void {
  const body = rest.at(-1) as Body // Tests without one are none.
  collected.push({ name, run: () => withHooks(body) })
}

function withHooks(body: Body): unknown {
  const hooks: Hook[] = []
  const cleanUp = async (outcome: unknown) => {
    try {
      await outcome
    } catch (error) {
      if (error !== noProcesses) throw error
    } finally {
      for (const hook of hooks) await hook()
    }
  }
  const outcome = body({ after: (hook) => hooks.push(hook) })
  return outcome instanceof Promise ? cleanUp(outcome) : outcome
}

function refuse(): never {
  throw noProcesses
}
