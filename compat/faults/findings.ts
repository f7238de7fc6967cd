import type { Running } from './dial-history.ts'

/** What was seen of a pool while something happened to its server. Times in ms. */
export interface Findings {
  readonly version: string
  readonly max: number
  readonly lastedMs: number
  /** Acquires that were served. */
  readonly served: number
  /** Those that were not, by code. */
  readonly failed: Readonly<Record<string, number>>
  /** Of those, the ones that began after the first answer once the server served again: all; and less those that timed out. */
  readonly failedAfterwards: number
  readonly refusedAfterwards: number
  /** Of those, the ones that were turned away before their deadline although connections stood open. */
  readonly refusedWhileOpen: number
  /** Leases of connections that were certainly dead before the acquire. */
  readonly deadLent: number
  readonly unanswered: number
  readonly crossed: number
  /** The latest settling after a deadline. The longest stall of the loop; `unstalled`: less what it stood still meanwhile. */
  readonly late: { readonly ms: number; readonly unstalledMs: number; readonly stallMs: number }
  readonly recovery: {
    /** From when the server served again to the first answer. Infinity: there was none. */
    readonly tookMs: number
    readonly running: Running
    /** What it may take at most: the rest of the delay then running, a dial, and a borrower's patience for the answer. */
    readonly allowedMs: number
    /** Dials that failed although they began when the server served again. */
    readonly failedDials: number
  }
  /** The most connections open or opening at any moment. */
  readonly most: number
  /** When the load was over: connections by our count, by the pool's, by the server's. */
  readonly counts: {
    readonly ours: number
    readonly pools: number
    readonly servers: number | null
  }
  /** After `close()`: connections by our count and by the server's, and what else was open in the process. */
  readonly left: {
    readonly ours: number
    readonly servers: number | null
    readonly handles: readonly string[]
  }
  /** Process warnings: of listeners that pile up, of callbacks that threw. */
  readonly warnings: readonly string[]
}
