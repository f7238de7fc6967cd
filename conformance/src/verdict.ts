import type { Entrant } from './contestant.ts'
import { Fault } from './fault.ts'
import type { Row } from './row.ts'
import { Scene } from './scene.ts'
import { sentence } from './sentence.ts'

/** What a cell of the table says. `lacks`: the pool does not claim to do such a thing. */
export interface Verdict {
  readonly is: 'pass' | 'fail' | 'lacks'
  /** What happened instead, or the price or figure of the passing; may be empty for `pass`. */
  readonly said: string
}

/** Plays a row in this process, which it may freeze or end. What the scene has open is left to who made it. */
export async function judge(row: Row, scene: Scene): Promise<Verdict> {
  if (row.needs !== undefined && scene.entrant.lacks.includes(row.needs)) {
    return { is: 'lacks', said: `no ${row.needs}` }
  }
  try {
    return { is: 'pass', said: await row.play(scene) }
  } catch (error) {
    const thrown = error instanceof Fault ? '' : 'throws: '
    return { is: 'fail', said: `${thrown}${sentence(error)}` }
  }
}

/** The same, and closes all that was opened. */
export async function judgeAndEnd(row: Row, entrant: Entrant): Promise<Verdict> {
  const scene = new Scene(entrant)
  const verdict = await judge(row, scene)
  await scene.end()
  return verdict
}
