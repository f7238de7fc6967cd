import type { Scenario } from './scenario.ts'
import { type Run, simulate } from './simulation.ts'
import { Violation } from './verdict.ts'

/** Warnings that a pool may give while its callbacks throw and its leases are left. */
const EXPECTED: ReadonlySet<unknown> = new Set([
  'CONNPOOL_CALLBACK_THREW',
  'CONNPOOL_LISTENER_THREW',
  'CONNPOOL_UNRELEASED',
])

/**
 * Simulations, one after another, and what the process hears besides: promises that are rejected
 * unheard, and warnings. One at a time in a thread.
 */
export class Trials {
  #stray: Error | null = null
  readonly #emitWarning = process.emitWarning

  constructor() {
    process.on('unhandledRejection', this.#unhandled)
    process.emitWarning = (warning: unknown, details?: unknown) => {
      const code = typeof details === 'object' && details !== null && Reflect.get(details, 'code')
      if (!EXPECTED.has(code)) this.#stray ??= new Violation('warnings', String(warning))
    }
  }

  async run(scenario: Scenario, trace: string[] | null = null): Promise<Run> {
    this.#stray = null
    const { failure, events } = await simulate(scenario, trace)
    // Promises that nobody heeds are told of when the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve))
    return { failure: failure ?? this.#stray, events }
  }

  end(): void {
    process.off('unhandledRejection', this.#unhandled)
    process.emitWarning = this.#emitWarning
  }

  readonly #unhandled = (reason: unknown): void => {
    this.#stray ??= new Violation('rejections', `nobody heard of ${String(reason)}`)
  }
}
