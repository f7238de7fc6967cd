/** How much time and how many operations one trial may spend. */
export interface Budget {
  /** The loop runs this long before anything counts, in ms. */
  readonly warmUpMs: number
  /** One sample lasts at least this long, in ms: long beside the two clock reads around it. */
  readonly sampleMs: number
  /** Samples are taken until this much time has been measured, in ms. */
  readonly measureMs: number
  /** Operations in the run whose allocation is weighed. */
  readonly weighOperations: number
  /** A work of a fixed number of operations does this share of them. */
  readonly share: number
  /** A census that gets no connection for so long calls it lost, in ms. */
  readonly patienceMs: number
  /** A work that has not ended by then never will, in ms. */
  readonly trialMs: number
}

/** What a run is for, and so how much it may spend. */
export type BudgetName = 'full' | 'brief' | 'quick'

export const budgets: Readonly<Record<BudgetName, Budget>> = {
  /** For figures. */
  full: {
    warmUpMs: 300,
    sampleMs: 12,
    measureMs: 90,
    weighOperations: 10_000,
    share: 1,
    patienceMs: 5_000,
    trialMs: 50_000,
  },
  /** For ratios to a floor that nobody quotes. */
  brief: {
    warmUpMs: 100,
    sampleMs: 4,
    measureMs: 40,
    weighOperations: 5_000,
    share: 0.3,
    patienceMs: 5_000,
    trialMs: 50_000,
  },
  /** To see that everything runs; its figures mean nothing. */
  quick: {
    warmUpMs: 2,
    sampleMs: 1,
    measureMs: 3,
    weighOperations: 2_000,
    share: 0.01,
    patienceMs: 5_000,
    trialMs: 50_000,
  },
}

export function isBudgetName(name: string): name is BudgetName {
  return Object.hasOwn(budgets, name)
}
