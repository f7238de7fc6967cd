import type { Borrowers, Wish } from './borrowers.ts'
import { Deaths } from './deaths.ts'
import { anyError } from './mishap.ts'
import type { Network } from './network.ts'
import { codeOf } from './refusals.ts'
import type { Steering } from './steering.ts'
import { use } from './use.ts'
import type { Loan, World } from './world.ts'

/** All that can be done to a pool from outside, one act each. */
export class Acts {
  readonly #world: World
  readonly #network: Network
  readonly #borrowers: Borrowers
  readonly #deaths: Deaths
  readonly #acts: Readonly<Record<string, () => void | Promise<void>>>

  constructor(world: World, network: Network, borrowers: Borrowers, steering: Steering) {
    const deaths = new Deaths(world)
    this.#world = world
    this.#network = network
    this.#borrowers = borrowers
    this.#deaths = deaths
    this.#acts = {
      acquire: () => void this.#borrowers.acquire(this.#wish()),
      use: () => use(world, borrowers, this.#wish()),
      tryAcquire: () => this.#borrowers.tryAcquire(),
      bustle: () => this.#bustle(),
      ready: () => this.#borrowers.ready(world.chance.oneOf(Infinity, 0, 50, 1_000)),
      withdraw: () => this.#withdraw(),
      release: () => this.#release(),
      destroy: () =>
        this.#onLoan((loan) => this.#borrowers.destroy(loan, anyError(this.#world.chance))),
      dispose: () => this.#onLoan((loan) => this.#borrowers.dispose(loan)),
      detach: () => this.#detach(),
      endAgain: () => this.#endAgain(),
      die: () => deaths.die(),
      block: () => this.#block(),
      dieAgain: () => world.chance.pick(world.goneLinks)?.died(anyError(world.chance)),
      answer: () => this.#answer(),
      weather: () => this.#turnWeather(),
      resize: () => steering.resize(),
      pause: () => steering.pause(true),
      resume: () => steering.pause(false),
      invalidate: () => steering.invalidate(),
      close: () => steering.close(world.chance.oneOf(undefined, 0, 30, 500)),
      mistake: () => this.#mistake(),
      leap: () => world.loop.leap(world.chance.oneOf(1, 20, 200)),
      pass: () => world.loop.pass(this.#time()),
      rest: () => world.loop.rest(),
      idle: () => world.loop.pass(world.chance.oneOf(1_000, 3_000)),
      stall: () => this.#stall(),
    }
  }

  /** One step. */
  async take(kind: string): Promise<void> {
    const { loop, chance } = this.#world
    if (kind === 'pass' || kind === 'rest' || kind === 'idle' || kind === 'stall') {
      await loop.drain()
      await this.#acts[kind]?.()
      return
    }
    const drawn = chance.oneOf('by itself', 'by itself', 'before more', 'in a timer', 'in a poll')
    const when = kind === 'block' ? 'in a poll' : drawn
    if (when === 'in a poll') {
      // What a callback of a poll sets as an immediate runs before the next poll.
      await loop.drain()
      await loop.poll()
    }
    loop.begin()
    this.#acts[kind]?.()
    if (when === 'before more') return
    await loop.drain()
    if (when === 'in a timer') await loop.poll()
    if (when !== 'by itself') await loop.check()
    else if (!chance.maybe(0.4)) await loop.rest()
  }

  /** One small thing in the middle of a callback. */
  meddle(): void {
    const { chance } = this.#world
    const kind = chance.oneOf(
      'acquire',
      'release',
      'release',
      'release',
      'tryAcquire',
      'use',
      'withdraw',
      'destroy',
      'die',
      'leap',
      chance.oneOf('endAgain', 'dispose', 'detach', 'dieAgain', 'ready', 'leap', 'answer'),
      chance.oneOf('resize', 'pause', 'resume', 'resume', 'resize', 'invalidate', 'close'),
    )
    // A closed pool teaches little.
    if (kind === 'close' && !chance.maybe(0.2)) return
    this.#world.trace?.push(`  in the middle: ${kind}`)
    this.#acts[kind]?.()
  }

  #wish(): Wish {
    const { chance } = this.#world
    const timeoutMs = chance.oneOf(undefined, undefined, undefined, Infinity, 0, 20, 100, 500)
    const priority = chance.oneOf(undefined, undefined, undefined, 0, 3, 7)
    return {
      ...(timeoutMs !== undefined && { timeoutMs }),
      ...(priority !== undefined && { priority }),
      ...(chance.maybe(0.4) && { signal: chance.maybe(0.1) ? ('gone' as const) : true }),
    }
  }

  #time(): number {
    const { chance } = this.#world
    return chance.oneOf(100, 1, 5, 20, 50, 200, 400, 1_200)
  }

  #onLoan(act: (loan: Loan) => void): void {
    const loan = this.#world.chance.pick(this.#world.loans)
    if (loan !== undefined) act(loan)
  }

  /** Some come, then some go while others come, none of them special, before anybody looks. */
  #bustle(): void {
    const { chance } = this.#world
    for (let left = chance.oneOf(0, 3, 5); left > 0; left--) void this.#borrowers.acquire({})
    for (let left = chance.oneOf(2, 4, 6); left > 0; left--) {
      if (chance.maybe(0.7)) this.#release()
      else this.#borrowers.tryAcquire()
    }
  }

  #release(): void {
    const { chance } = this.#world
    this.#onLoan((loan) => {
      // Whoever uses lets the function end, and seldom ends the lease under it.
      if (loan.finish !== null && !chance.maybe(0.1)) loan.finish(!chance.maybe(0.3))
      else {
        if (chance.maybe(0.1)) loan.link.unsent = true
        this.#borrowers.release(loan, chance.oneOf(undefined, undefined, undefined, 0, 30, 5_000))
      }
    })
  }

  /** Where connections are shared, another lease may be on its way to somebody. */
  #detach(): void {
    const { settings, depth, loop, closing } = this.#world
    if (settings.maxLeases > 1 && (depth > 0 || loop.begun > 1)) return
    // While a close takes connections from their holders it cannot be seen which are given up already.
    if (closing && depth > 0) return
    this.#onLoan((loan) => this.#borrowers.detach(loan))
  }

  #endAgain(): void {
    const loan = this.#world.chance.pick(this.#world.endedLoans)
    if (loan !== undefined && loan.finish === null) this.#borrowers.endAgain(loan)
  }

  #withdraw(): void {
    const ask = this.#world.chance.pick(
      this.#world.asks.filter((other) => other.controller !== null),
    )
    if (ask !== undefined) this.#borrowers.withdraw(ask)
  }

  #answer(): void {
    const call = this.#world.chance.pick(this.#network.hanging)
    if (call !== undefined) this.#network.answer(call, !this.#world.chance.maybe(0.4))
  }

  #turnWeather(): void {
    const { chance } = this.#world
    this.#world.weather = chance.oneOf(
      'fair',
      'fair',
      'rough',
      'slow',
      'backend',
      'config',
      'local',
    )
    if (this.#world.weather === 'local' && chance.maybe(0.5)) this.#world.weather = 'overload'
    this.#world.trace?.push(`weather: ${this.#world.weather}`)
  }

  /** JavaScript runs for long in a callback of a poll: peers hang up meanwhile, and then it acquires. */
  #block(): void {
    for (let left = this.#world.chance.below(3); left > 0; left--) this.#deaths.die()
    this.#world.loop.leap(this.#world.chance.oneOf(20, 5, 200))
    this.#borrowers.acquire(this.#wish())
  }

  /** Arguments that cannot be: nothing happens, but for an error. */
  #mistake(): void {
    const { chance, pool, verdict } = this.#world
    const before = JSON.stringify(pool.stats())
    const loan = chance.pick(this.#world.loans)
    const refused = (promise: Promise<unknown>) => {
      promise.then(
        () => verdict.insist(false, 'mistakes', 'it was not refused'),
        (error: { readonly code?: unknown }) =>
          verdict.equal(error.code, 'ERR_INVALID_OPTION', 'mistakes', 'the error'),
      )
    }
    chance.oneOf<() => unknown>(
      () => refused(pool.acquire({ timeoutMs: -1 })),
      () => refused(pool.acquire({ priority: 8 })),
      () => refused(pool.ready({ timeoutMs: Number.NaN })),
      () => refused(pool.close({ graceMs: -1 })),
      () => codeOf(() => loan?.lease.release({ idleForMs: -1 })),
      () => codeOf(() => pool.on('nothing' as 'open', () => {})),
      () => codeOf(() => pool.resize({ max: 0 })),
    )()
    verdict.equal(JSON.stringify(pool.stats()), before, 'mistakes', 'what there is')
  }

  /** JavaScript runs for long: timers ring late, and immediates come after more of the same. */
  async #stall(): Promise<void> {
    const { chance, loop } = this.#world
    loop.leap(chance.oneOf(50, 5, 300, 1_500, 8_000))
    for (let left = chance.below(3); left > 0; left--) {
      await loop.poll()
      loop.leap(chance.oneOf(5, 100, 1_000))
      await loop.check()
      loop.leap(chance.oneOf(5, 100, 1_000))
    }
  }
}
