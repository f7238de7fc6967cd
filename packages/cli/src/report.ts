import type { Figures } from './figures.ts'
import type { DemoFlags } from './flags.ts'

/** All that one run of the experiment measured. */
export interface Report {
  readonly flags: DemoFlags
  /** Of the machine. */
  readonly cores: number
  /** In the order in which they ran; the first is what the others are compared with. */
  readonly modes: readonly Figures[]
}
