import { doubles, explorations, type Group, ShortestHistory, testsIn, walks } from './groups.ts'
import type { Modules } from './modules.ts'

/** On what code is tried. */
export type Scope = 'core' | 'pool' | 'tests of core' | 'tests of pool' | 'explorer'

/** In these, what found something last comes first; in the others the order is always the same. */
const SORTED: ReadonlySet<Scope> = new Set<Scope>(['core', 'pool'])

/** Which check found a fault, and how it said so. */
export interface Finding {
  readonly group: string
  readonly check: string
  readonly message: string
  /** From the start of a pool; null when they are not counted. */
  readonly events: number | null
}

/** Tries code again and again: first on what found something last, then on what is quickest. */
export class Trial {
  readonly #modules: Modules
  /** How long groups take, in ms. */
  readonly #costs = new Map<Group, number>()
  readonly #stages: Record<Scope, readonly Group[][]>

  constructor(modules: Modules) {
    this.#modules = modules
    const ofCore = testsIn(modules.list('test/core'))
    const explorer = explorations(modules.afresh({}, doubles))
    const ofPool = testsIn(modules.list('test/pool'))
    this.#stages = {
      core: [[...ofCore], [walks], [...explorer]],
      pool: [[...ofPool]],
      'tests of core': [ofCore, [walks]],
      'tests of pool': [ofPool],
      explorer: [explorer],
    }
  }

  /** Answers what found a fault in it, or null. `code` is what is in the place of some modules. */
  async run(
    scope: Scope,
    code: Readonly<Record<string, string>>,
    tell: (group: string) => void,
  ): Promise<Finding | null> {
    restoreGlobals()
    const load = this.#modules.afresh(code, doubles)
    for (const stage of this.#stages[scope]) {
      for (const group of stage) {
        const begun = performance.now()
        for (const { name, run } of group.checks(load)) {
          tell(group.name)
          const error = await failureOf(run)
          if (error === null) continue
          this.#costs.set(group, 0)
          if (SORTED.has(scope)) this.#sort(stage)
          const events = error instanceof ShortestHistory ? error.events : null
          const [message = ''] = messageOf(error).split('\n')
          return { group: group.name, check: name, message, events }
        }
        this.#costs.set(group, performance.now() - begun)
      }
      if (SORTED.has(scope)) this.#sort(stage)
    }
    return null
  }

  #sort(stage: Group[]): void {
    const cost = (group: Group) => this.#costs.get(group) ?? Infinity
    stage.sort((one, other) => cost(one) - cost(other))
  }
}

const { stackTraceLimit } = Error
const { emitWarning } = process

/** What tests, and faults in the code that they try, may have left otherwise than it was. */
function restoreGlobals(): void {
  const plain = { configurable: true, enumerable: true, writable: true }
  Object.defineProperty(Error, 'stackTraceLimit', { ...plain, value: stackTraceLimit })
  process.emitWarning = emitWarning
}

/** Nothing is left in the process that could bring the end of a check. */
export class StuckError extends Error {}

/** What a check fails with, or null; also when it waits for what never comes. */
function failureOf(run: () => unknown): Promise<unknown> {
  return new Promise((resolve) => {
    const end = (error: unknown) => {
      process.off('beforeExit', stuck)
      process.off('uncaughtException', end)
      process.off('unhandledRejection', end)
      resolve(error)
    }
    const stuck = () => end(new StuckError('waits for what never comes'))
    process.on('beforeExit', stuck)
    process.on('uncaughtException', end)
    process.on('unhandledRejection', end)
    try {
      const outcome = run()
      if (outcome instanceof Promise) outcome.then(() => setImmediate(end, null), end)
      else end(null)
    } catch (error) {
      end(error)
    }
  })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
