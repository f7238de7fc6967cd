import { UnfitError } from '../../../src/pool/custody.ts'
import type { Link } from './link.ts'
import { anyError } from './mishap.ts'
import type { World } from './world.ts'

/** Connections end by themselves, and the pool hears of it in whatever way. */
export class Deaths {
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** A peer hangs up, or sends what nobody asked for; the pool hears of it soon, late, never or twice. */
  die(): void {
    const { chance, loop, links, settings, trace } = this.#world
    const link = chance.pick(links.filter((other) => other.dial !== 'failed' && !other.told))
    if (link === undefined) return
    const how = chance.oneOf('now', 'at the poll', 'at the poll', 'late', 'in silence', 'twice')
    const dirty = settings.custody && chance.maybe(0.4)
    const unfit = () => new UnfitError(dirty ? 'dirty' : 'died', 'told')
    const error = dirty || (settings.custody && chance.maybe(0.3)) ? unfit() : anyError(chance)
    trace?.push(`${link} ${dirty ? 'is dirty' : 'dies'} ${how}`)
    link.brokenAt ??= this.#world.order()
    link.brokeLate = loop.checking
    const tell = () => {
      this.#tell(link, error)
      if (how === 'twice') this.#tell(link, anyError(chance))
    }
    if (how === 'now') {
      this.#see(link, dirty)
      tell()
      return
    }
    loop.arrivals.push(() => {
      this.#see(link, dirty)
      if (how === 'late') loop.after(chance.oneOf(1, 20, 200), tell)
      else if (how !== 'in silence') tell()
    })
  }

  #see(link: Link, dirty: boolean): void {
    link.seen = true
    if (link.vitals !== 'died') link.vitals = dirty ? 'dirty' : 'died'
  }

  /** Tells the pool that a connection died. */
  #tell(link: Link, error: unknown): void {
    this.#world.trace?.push(`died() of ${link}`)
    if (!link.told) link.blame = error
    const fails = link.dial === 'running' && link.stopped === null && !link.told
    link.told = true
    if (fails) this.#world.failed(link, error)
    link.died(error)
  }
}
