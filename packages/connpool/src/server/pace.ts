/** What a stock was like when a round began, and its bounds. */
export interface StockState {
  /** Connections that the stock is to hold. */
  readonly capacity: number
  /** Time between rounds, in ms. */
  readonly intervalMs: number
  /** Connections in the stock. */
  readonly idle: number
  /** Connections that were opened since the round before. */
  readonly created: number
  readonly minCapacity: number
  readonly maxCapacity: number
  readonly minIntervalMs: number
  readonly maxIntervalMs: number
}

/** What a stock is to hold, and when the next round is; outside their bounds they are taken to the bound. */
export type Pace = (state: StockState) => {
  readonly capacity: number
  readonly intervalMs: number
}

const STEP_MS = 100
const FEW = 0.2
const MOST = 0.8

/**
 * Follows demand: a stock that runs low is filled more often, a full one less; one of which most had to be
 * made anew grows, one of which few had to shrinks. The rules are those of the NodePass pool.
 */
export const followDemand: Pace = ({ capacity, intervalMs, idle, created }) => {
  let nextMs = intervalMs
  if (idle < capacity * FEW) nextMs -= STEP_MS
  else if (idle > capacity * MOST) nextMs += STEP_MS
  let next = capacity
  if (created > capacity * MOST) next++
  else if (created < capacity * FEW) next--
  return { capacity: next, intervalMs: nextMs }
}
