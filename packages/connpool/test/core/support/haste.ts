import type { Connection } from './connection.ts'
import type { Subject } from './port.ts'
import type { World } from './world.ts'

/** From now on the world answers every command in the middle of it, always well or always not. */
export function answerAtOnce(world: World, well: boolean): void {
  world.react = (effect, subject) => answer(world, effect, subject, well)
}

/** In the effect `at` of the next event, counted from 0, something else happens. */
export function interrupt(world: World, at: number, act: () => void): void {
  const { react } = world
  let left = at
  world.react = () => {
    if (left-- > 0) return
    world.react = react
    act()
  }
}

function answer(world: World, effect: string, subject: Subject | null, well: boolean): void {
  const connection = subject as Connection // The commands that are answered are about connections.
  if (effect === 'open' && connection.dial === 'running') {
    if (well) world.opened(connection)
    else world.failed('backend', connection)
  } else if (effect === 'abort' && connection.dial === 'running') world.failed('local', connection)
  else if (effect === 'probe' && connection.asked === 'probe') world.probed(well, connection)
  else if (effect === 'reset' && connection.asked === 'reset') world.cleaned(well, connection)
  else if (effect === 'destroy' && connection.closing) world.closed(connection)
}
