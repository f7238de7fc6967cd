import { seeded } from '../../support/seeded.ts'

/**
 * The draws of one step. With seed 0 every draw is the plainest there is, so that a scenario which fails
 * can be made plainer by putting 0 for its seeds.
 */
export class Chance {
  readonly next: () => number

  constructor(seed: number) {
    this.next = seed === 0 ? () => 0 : seeded(seed)
  }

  below(bound: number): number {
    return Math.floor(this.next() * bound)
  }

  /** True that often; false is the plainest. */
  maybe(share: number): boolean {
    return this.next() >= 1 - share
  }

  /** The first is the plainest; one that is named twice is drawn twice as often. */
  oneOf<V>(first: V, ...others: readonly V[]): V {
    const index = this.below(others.length + 1)
    return index === 0 ? first : (others[index - 1] ?? first)
  }

  pick<V>(values: readonly V[]): V | undefined {
    return values[this.below(values.length)]
  }
}
