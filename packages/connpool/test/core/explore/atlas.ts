import type { History, Step } from './history.ts'

/** The states found so far, each with the shortest history that leads to it. */
export class Atlas {
  readonly #steps: (Step | null)[] = [null]
  readonly #parents: number[] = [-1]
  readonly #depths: number[] = [0]
  readonly #numbers = new Map<string, number>()

  constructor(start: string) {
    this.#numbers.set(start, 0)
  }

  get size(): number {
    return this.#steps.length
  }

  /** Events from the start to the farthest state. */
  get depth(): number {
    return this.#depths.at(-1) ?? 0
  }

  /** The number of a state that is known; undefined for a new one. */
  find(identity: string): number | undefined {
    return this.#numbers.get(identity)
  }

  add(identity: string, parent: number, step: Step): void {
    this.#numbers.set(identity, this.size)
    this.#steps.push(step)
    this.#parents.push(parent)
    this.#depths.push((this.#depths[parent] ?? 0) + 1)
  }

  history(state: number): History {
    const steps: Step[] = []
    for (let at = state; ; at = this.#parents[at] ?? 0) {
      const step = this.#steps[at]
      if (step === null || step === undefined) return steps.reverse()
      steps.push(step)
    }
  }
}
