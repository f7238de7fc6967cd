import type { Feature } from './contestant.ts'
import type { Scene } from './scene.ts'

/** One promise, put to the test. */
export interface Row {
  readonly name: string
  /** The promise, as the table has it. */
  readonly title: string
  /** What a pool must have for the row to mean anything. */
  readonly needs?: Feature
  /** `by itself`: after `play` the process must end without being told to. */
  readonly ends?: 'by itself'
  /** True: it measures, so nothing else runs meanwhile. */
  readonly alone?: true
  /** Resolves to a figure or a price to be told beside `pass`, or ''. Throws a Fault that says what happened instead. */
  play(scene: Scene): Promise<string>
}
