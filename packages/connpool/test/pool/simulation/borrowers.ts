import { inspect } from 'node:util'
import type { Lease } from '../../../src/pool/lease.ts'
import type { AcquireOptions } from '../../../src/pool/pool.ts'
import { judgeTurn, noteServed } from './fairness.ts'
import type { Link } from './link.ts'
import { Mishap } from './mishap.ts'
import type { Network } from './network.ts'
import { checkRefusal, codeOf } from './refusals.ts'
import type { Ask, Loan, World } from './world.ts'

export interface Wish {
  readonly timeoutMs?: number
  readonly priority?: number
  /** Can be withdrawn; `gone`: it was before it began. */
  readonly signal?: boolean | 'gone'
}

/** Those who ask for connections and hold them, and see what they get. */
export class Borrowers {
  readonly #world: World
  readonly #network: Network

  constructor(world: World, network: Network) {
    this.#world = world
    this.#network = network
  }

  acquire(wish: Wish): Ask {
    const ask = this.ask('lease', wish)
    this.#world.trace?.push(`a${ask.serial}: acquire(${inspect(wish)})`)
    const plain = Object.keys(wish).length === 0
    const acquired = this.#world.pool.acquire(plain ? undefined : optionsOf(wish, ask))
    acquired.then(
      (lease) => this.take(ask, lease),
      (error) => this.refused(ask, error),
    )
    return ask
  }

  tryAcquire(): void {
    const { pool, paused, closing, verdict, trace } = this.#world
    const lease = pool.tryAcquire()
    trace?.push(`tryAcquire(): ${lease === null ? 'null' : lease.connection}`)
    if (lease === null) return
    verdict.insist(!paused && !closing, 'law 18', 'tryAcquire lent when nothing may be lent')
    this.#receive(lease, null)
  }

  ready(timeoutMs: number): void {
    const ask = this.ask('ready', { timeoutMs })
    const { loop, verdict, pool, trace } = this.#world
    trace?.push(`a${ask.serial}: ready(${timeoutMs})`)
    pool.ready({ timeoutMs }).then(
      () => {
        loop.touch()
        this.#settle(ask)
        const { stood, min, haste } = this.#world
        const plain = haste === 0 && loop.begun <= 1
        if (plain) verdict.insist(stood >= min, 'ready', `${stood} stood`)
      },
      (error) => this.refused(ask, error),
    )
  }

  /** Withdraws an acquire. */
  withdraw(ask: Ask): void {
    const { loop, trace, depth } = this.#world
    trace?.push(`a${ask.serial} is withdrawn`)
    if (loop.begun <= 1 && depth === 0 && this.#world.isOld(ask.order)) ask.withdrawn = true
    ask.controller?.abort(new Mishap('withdrawn', 'nothing', false))
  }

  // ── Ends of leases ────────────────────────────────────────────────────────────────────────────

  release(loan: Loan, idleForMs: number | undefined): void {
    this.#world.trace?.push(`l${loan.serial}: release ${loan.link}`)
    this.close(loan, 'release', idleForMs)
    loan.lease.release(idleForMs === undefined ? undefined : { idleForMs })
  }

  destroy(loan: Loan, error: unknown): void {
    this.#world.trace?.push(`l${loan.serial}: destroy ${loan.link}`)
    this.close(loan, 'destroy')
    loan.lease.destroy(error)
  }

  dispose(loan: Loan): void {
    this.#world.trace?.push(`l${loan.serial}: dispose of ${loan.link}`)
    this.close(loan, 'destroy')
    loan.lease[Symbol.dispose]()
  }

  detach(loan: Loan): void {
    const { link, lease } = loan
    // In the middle of its death it cannot be seen whether the pool has closed it already.
    if (link.told && link.ending === null) return
    this.#world.trace?.push(`l${loan.serial}: detach ${link}`)
    if (link.holders > 1) {
      this.#world.verdict.insist(codeOf(() => lease.detach()) === 'ERR_INVALID_OPTION', 'law 1', '')
      return
    }
    this.close(loan, 'detach')
    if (link.ending === null) link.detached = true
    this.#world.verdict.equal(lease.detach(), link, 'detach', 'the connection')
  }

  /** Law 13: an ended lease changes nothing. */
  endAgain(loan: Loan): void {
    const { lease } = loan
    const { verdict, pool, chance } = this.#world
    const before = JSON.stringify(pool.stats())
    const code = codeOf(
      chance.oneOf<() => unknown>(
        () => lease.release(),
        () => lease.destroy(new Mishap('again', 'config', true)),
        () => lease.detach(),
        () => lease.connection,
        () => lease.info,
        () => lease.signal,
      ),
    )
    verdict.equal(code, 'ERR_LEASE_RELEASED', 'law 13', 'the second end')
    lease[Symbol.dispose]()
    verdict.equal(JSON.stringify(pool.stats()), before, 'law 13', 'what there is')
  }

  /** The account of a lease that ends now. */
  close(loan: Loan, how: 'release' | 'destroy' | 'detach', idleForMs = Infinity): void {
    const { counts, loop, settings, asks } = this.#world
    const { link } = loan
    loan.ended = true
    this.#world.loans = this.#world.loans.filter((other) => other !== loan)
    this.#world.remember(loan)
    link.holders--
    counts.endings++
    link.freeTurn = loop.turn
    link.freeMs = loop.sinceMs
    link.spellByMs = null
    if (how === 'destroy') {
      link.drained = true
      return
    }
    if (how === 'release') counts.releases++
    if (link.holders === 0) link.idleForMs = idleForMs
    const parks = how === 'release' && settings.custody && link.holders === 0
    if (link.ending !== null) return
    if (parks && link.vitals !== 'fit') {
      // Somebody may share it already, and not have heard of it.
      if (settings.maxLeases === 1 || asks.length === 0) link.drained = true
      else this.#world.trouble.unsure = true
    } else this.#network.proved(link)
  }

  // ── What they get ─────────────────────────────────────────────────────────────────────────────

  ask(purpose: Ask['purpose'], { timeoutMs, priority = 0, signal = false }: Wish): Ask {
    const { loop, settings, asks } = this.#world
    const patience = timeoutMs ?? settings.acquireTimeoutMs
    const order = this.#world.order()
    const ask: Ask = {
      serial: order,
      purpose,
      priority,
      timeoutMs: patience,
      earliestMs: patience === 0 && purpose === 'lease' ? -Infinity : loop.now() + patience,
      latestMs: Infinity,
      order,
      turn: loop.turn,
      polled: loop.checking,
      controller: signal === false ? null : new AbortController(),
      waits: true,
      withdrawn: false,
      passes: 0,
      passed: null,
    }
    asks.push(ask)
    if (signal === 'gone') ask.controller?.abort(new Mishap('gone', 'nothing', false))
    return ask
  }

  #settle(ask: Ask): void {
    this.#world.verdict.insist(ask.waits, 'law 8', `a${ask.serial} is settled twice`)
    ask.waits = false
    this.#world.asks = this.#world.asks.filter((other) => other !== ask)
  }

  take(ask: Ask, lease: Lease<Link>): Loan {
    const { verdict, loop } = this.#world
    const { serial, earliestMs, latestMs, withdrawn } = ask
    this.#settle(ask)
    verdict.insist(!withdrawn, 'law 9', `a${serial} was withdrawn, and served`)
    const inTime = earliestMs === -Infinity || latestMs > loop.sinceMs
    verdict.insist(inTime, 'law 9', `a${serial} was served after its deadline`)
    noteServed(this.#world, ask)
    judgeTurn(this.#world, ask, 'served')
    return this.#receive(lease, ask)
  }

  #receive(lease: Lease<Link>, ask: Ask | null): Loan {
    const { verdict, loop, settings, counts, chance, trace } = this.#world
    const link = lease.connection
    loop.touch()
    counts.granted++
    link.holders++
    link.uses++
    const loan: Loan = {
      serial: this.#world.order(),
      lease,
      link,
      ended: false,
      signal: null,
      finish: null,
    }
    this.#world.loans.push(loan)
    trace?.push(`l${loan.serial}: ${link} for ${ask === null ? 'a try' : `a${ask.serial}`}`)
    verdict.insist(link.holders <= settings.maxLeases, 'law 1', `${link} has ${link.holders} users`)
    verdict.insist(link.work === null, 'law 1', `${link} is lent while it is asked`)
    const told = !settings.custody || link.out
    verdict.insist(told, 'custody', `${link} is lent, and its custodian does not know`)
    verdict.insist(!link.detached, 'law 1', `${link} is lent, and had left the pool`)
    verdict.insist(link.uses <= settings.maxUses, 'law 22', `${link} is lent too often`)
    verdict.insist(!link.unclean, 'law 16', `${link} is lent, and its reset failed`)
    verdict.insist(!settings.hints || !link.resting, 'process', `${link} does not hold the process`)
    this.#checkWhole(loan, ask)
    link.id ||= lease.info.id
    verdict.equal(lease.info.id, link.id, 'info', `the id of ${link}`)
    if (chance.maybe(0.3)) this.watch(loan)
    return loan
  }

  /** Asks for the signal of a lease. */
  watch(loan: Loan): void {
    loan.signal = loan.lease.signal
    loan.signal.addEventListener('abort', () => this.#world.meddle())
  }

  /** Laws 14, 15 and 17: what may have happened to it since it was lent, its holder was told. */
  #checkWhole({ link, lease }: Loan, ask: Ask | null): void {
    const { verdict, settings, generation, loop } = this.#world
    if (link.ending !== null || link.generation < generation) {
      if (link.ending?.reason === 'shutdown') this.#world.taken++
      verdict.insist(lease.signal.aborted, 'law 14', `${link} is lent, and gone or stale`)
      return
    }
    if (link.holders > 1) return
    const idledMs = link.spellByMs === null ? 0 : loop.sinceMs - link.spellByMs
    const probed = !settings.probes || idledMs < settings.probeAfterIdleMs || idledMs === 0
    verdict.insist(probed, 'law 14', `${link} had idled for ${idledMs} ms, and is lent unprobed`)
    // What others who share it have not read is theirs, and they may have just given it back.
    const bad = link.vitals === 'died' || settings.maxLeases === 1
    const seen = settings.custody && link.seen && bad
    verdict.insist(!seen, link.vitals === 'dirty' ? 'law 15' : 'law 14', `${link} is lent unfit`)
    // The peer had hung up when it was asked for, it had idled since an earlier turn, and nobody looked.
    const unseen = link.brokenAt !== null && !link.seen && !link.told && !link.brokeLate
    if (ask === null || ask.polled || !unseen || settings.freshForMs > 0) return
    const looked = (link.brokenAt ?? 0) > ask.order || link.freeTurn + 1 >= ask.turn
    verdict.insist(looked, 'law 14', `${link} is lent unpolled`)
  }

  refused(ask: Ask, error: unknown): void {
    this.#world.loop.touch()
    this.#settle(ask)
    checkRefusal(this.#world, ask, error)
  }
}

/** The options of an acquire. */
export function optionsOf({ signal, ...rest }: Wish, { controller }: Ask): AcquireOptions {
  return controller === null ? rest : { ...rest, signal: controller.signal }
}
