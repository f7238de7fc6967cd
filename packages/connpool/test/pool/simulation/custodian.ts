import type { About } from '../../../src/pool/cargo.ts'
import { type Custody, UnfitError } from '../../../src/pool/custody.ts'
import type { Link } from './link.ts'
import type { Network } from './network.ts'
import type { World } from './world.ts'

const NOTHING: About = Object.freeze({})

/** Looks at connections as `net/` looks at sockets: what it sees is as old as the last poll. */
export class Custodian implements Custody<Link> {
  readonly #world: World
  readonly #network: Network

  constructor(world: World, network: Network) {
    this.#world = world
    this.#network = network
  }

  enter(): never {
    throw new Error('nobody offers any')
  }

  park(link: Link): boolean {
    link.out = false
    return this.#judge(link)
  }

  lend(link: Link): boolean {
    const { verdict } = this.#world
    verdict.insist(link.holders === 0 && !link.detached, 'law 1', `${link} is to be lent twice`)
    link.out = this.#judge(link)
    return link.out
  }

  isAlive(link: Link): boolean {
    return link.vitals !== 'died' && link.ending === null
  }

  hasEnded(link: Link): boolean {
    return link.vitals === 'died'
  }

  whyUnfit(link: Link): Error {
    this.#world.verdict.insist(!isFit(link), 'custody', `${link} is not unfit`)
    return new UnfitError(link.vitals === 'dirty' ? 'dirty' : 'died', 'seen by the custodian')
  }

  flushed(link: Link): boolean {
    return !link.unsent
  }

  async flush(link: Link, signal: AbortSignal): Promise<void> {
    await this.#network.flush(link, signal)
  }

  about(): About {
    return NOTHING
  }

  discharge(): void {}

  watch(link: Link): void {
    this.#world.verdict.insist(link.idle, 'custody', `${link} is watched, and not idle`)
  }

  #judge(link: Link): boolean {
    const fit = isFit(link)
    if (!fit) link.failedProbe = true
    return fit
  }
}

/** What the pool has destroyed is seen to be. */
function isFit({ vitals, ending }: Link): boolean {
  return vitals === 'fit' && ending === null
}
