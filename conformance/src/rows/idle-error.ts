import { Backend } from '../backend.ts'
import { Fault } from '../fault.ts'
import { served, turns } from '../patience.ts'
import type { Row } from '../row.ts'
import { type Scene, useOnce } from '../scene.ts'

export const idleError: Row = {
  name: 'idle-error',
  title: 'an idle connection emits an error: the process lives, the next borrower gets another',
  play: (scene) => failWhileIdle(scene, true),
}

export const idleErrorUnheard: Row = {
  name: 'idle-error-unheard',
  title: 'an idle connection emits an error, and nobody listens to the pool: the same',
  play: (scene) => failWhileIdle(scene, false),
}

async function failWhileIdle(scene: Scene, heard: boolean): Promise<string> {
  const pool = await scene.open(new Backend(), { heard })
  const first = await served(useOnce(pool))
  await turns(10)
  // As a socket does: from the event loop, where nobody catches what is thrown.
  setImmediate(() => first.destroy(new Error('ECONNRESET')))
  await turns(10)
  if ((await served(useOnce(pool))).destroyed) throw new Fault('lends the dead one')
  return scene.entrant.duty
}
