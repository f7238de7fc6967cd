import { anyError } from './mishap.ts'
import { codeOf } from './refusals.ts'
import type { World } from './world.ts'

/** Whoever owns the pool changes its sizes, stops it, declares all stale, and closes it. */
export class Steering {
  /** What `close` answered. */
  closed: Promise<void> | null = null
  /** What close came to; undefined while it is under way. */
  outcome: unknown
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  resize(): void {
    const { chance, pool, verdict, trace } = this.#world
    const before = [this.#world.min, this.#world.max] as const
    const max = chance.oneOf(2, 1, 3, 4, 6)
    const min = chance.oneOf(0, 0, 1, 2)
    const idle = Math.min(this.#world.idleCap ?? max, max)
    const refused = min > idle || this.#world.minIdle > idle
    trace?.push(`resize({ min: ${min}, max: ${max} })${refused ? ', which cannot be' : ''}`)
    if (!refused) {
      if (max < this.#world.max) this.#world.shrunk = true
      this.#world.min = min
      this.#world.max = max
    }
    const code = codeOf(() => pool.resize({ min, max }))
    verdict.equal(code, refused ? 'ERR_INVALID_OPTION' : 'nothing', 'resize', 'the answer')
    if (code === 'ERR_INVALID_OPTION') {
      verdict.insist(pool.stats().max === before[1], 'resize', 'refused, and yet done')
    }
  }

  pause(paused: boolean): void {
    const { pool, closing, trace } = this.#world
    trace?.push(paused ? 'pause()' : 'resume()')
    this.#world.paused = paused && !closing
    if (paused) pool.pause()
    else pool.resume()
  }

  invalidate(): void {
    const { pool, closing, trace } = this.#world
    trace?.push('invalidate()')
    if (!closing) this.#world.generation++
    pool.invalidate(anyError(this.#world.chance))
  }

  close(graceMs: number | undefined): void {
    const { pool, settings, now, trace, loop } = this.#world
    trace?.push(`close({ graceMs: ${graceMs} })`)
    const graceByMs =
      loop.now() + (graceMs ?? (this.closed === null ? settings.closeGraceMs : Infinity))
    if (graceByMs >= now) this.#world.graceByMs = Math.min(this.#world.graceByMs, graceByMs)
    this.#world.closing = true
    this.#world.paused = false
    const closed = pool.close(graceMs === undefined ? undefined : { graceMs })
    if (this.closed === null) {
      this.closed = closed
      closed.then(
        () => {
          this.outcome = 'resolved'
        },
        (error: unknown) => {
          this.outcome = error
        },
      )
    } else this.#world.verdict.insist(closed === this.closed, 'close', 'another promise')
    this.#world.noteDrained()
  }
}
