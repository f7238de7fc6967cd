import type { CloseReason } from '../../../src/core/slot.ts'
import type { CreateContext, OperationContext, Source } from '../../../src/pool/source.ts'
import { Call, type Verb } from './call.ts'
import { checkDestroy, checkDial } from './conduct.ts'
import { Link } from './link.ts'
import { type Manner, mannerOf } from './manners.ts'
import { Mishap } from './mishap.ts'
import type { World } from './world.ts'

/** A connection that lived this long was no failed dial, in ms. */
const PROBATION_MS = 1_000

/** What the pool closes after all else that its timer rang for. */
const LAST: ReadonlySet<CloseReason> = new Set(['lifetime', 'idle', 'excess', 'resized'])

/** The verbs by which a pool deals with the simulated network, each as late, rude or broken as was drawn. */
export class Network {
  readonly #world: World
  readonly #source: Source<Link>
  /** Errors of what had been stopped: nobody is to be asked about them. */
  readonly #moot = new WeakSet<Mishap>()
  /** In the present ring a connection was closed before the others could prove to be sound. */
  #hasty = false
  /** Calls that nobody answers by himself. */
  hanging: Call[] = []

  constructor(world: World) {
    this.#world = world
    const { probes, resets, hints } = world.settings
    this.#source = {
      create: (context) => this.#create(context),
      destroy: (link, reason) => this.#destroy(link, reason),
      ...(probes && { probe: (link, context) => this.#operate('probe', link, context) }),
      ...(resets && { reset: (link, context) => this.#operate('reset', link, context) }),
      ...(hints && this.#hints()),
    }
  }

  get source(): Source<Link> {
    return this.#source
  }

  /** Answers a call that hangs. */
  answer(call: Call, succeeds: boolean): void {
    this.hanging = this.hanging.filter((other) => other !== call)
    if (call.open) this.#settle(call, succeeds ? 'ok' : 'fails')
  }

  /** The pool's timer has rung: who has lived long enough has proved sound. */
  rung(): void {
    this.#prove()
    this.#hasty = false
    this.#world.giveUp()
    this.#world.noteDrained()
  }

  /** Its dial was a success. */
  proved(link: Link): void {
    if (link.proven) return
    link.proven = true
    this.#world.succeeded()
  }

  /** Waits for what is unsent, for a custody. */
  flush(link: Link, signal: AbortSignal): Promise<unknown> {
    link.unsent = false
    const call = this.#begin('flush', link, signal)
    const { afterMs, ...manner } = mannerOf(this.#world, 'flush')
    this.#carryOut(call, { ...manner, afterMs: Math.max(0, afterMs), heeds: true, heedsAfterMs: 0 })
    return call.promise
  }

  #prove(): void {
    const { now, links } = this.#world
    for (const link of links) {
      if (link.serving && now >= link.bornMs + PROBATION_MS) this.proved(link)
    }
  }

  /** What the pool does when its timer rings ends with dials and with what there is too much of. */
  #proveInRing(): void {
    const { loop, depth, trouble } = this.#world
    if (!loop.ringing || depth > 0) return
    const { step, standing } = trouble
    this.#prove()
    // What else it does then may lead to dials before that.
    if (this.#hasty && (standing !== trouble.standing || step > 0)) trouble.unsure = true
  }

  #create({ signal, died }: CreateContext): Link | Promise<Link> {
    const { trouble, generation, loop, links, trace } = this.#world
    const serial = this.#world.order()
    const link = new Link(serial, generation, trouble.step, loop.moment(), died)
    links.push(link)
    trace?.push(`dial ${link}`)
    this.#proveInRing()
    checkDial(this.#world)
    signal.addEventListener('abort', () => {
      if (link.dial !== 'running') return
      link.stopped = loop.moment()
      trace?.push(`stop the dial of ${link}`)
      this.#lateDial(link)
    })
    this.#world.meddle()
    const manner = mannerOf(this.#world, 'create')
    if (manner.afterMs >= 0) {
      const call = this.#begin('create', link, signal)
      this.#carryOut(call, manner)
      return call.promise as Promise<Link> // Or the nonsense that it answers.
    }
    if (manner.outcome === 'fails') {
      this.#dialFailed(link, manner.error)
      throw manner.error
    }
    const answer = manner.outcome === 'ok' ? link : null
    queueMicrotask(() => this.#answered('create', link, true, answer))
    return answer as Link
  }

  #operate(verb: 'probe' | 'reset', link: Link, { signal }: OperationContext): unknown {
    const { verdict, trace } = this.#world
    trace?.push(`${verb} ${link}`)
    verdict.insist(link.idle, 'law 1', `${link} is not free, and is asked to ${verb}`)
    const call = this.#begin(verb, link, signal)
    this.#world.meddle()
    const manner = mannerOf(this.#world, verb, link.brokenAt !== null)
    if (manner.afterMs >= 0) {
      this.#carryOut(call, manner)
      return call.promise
    }
    // Answered at once; the promise of the call is not what the pool gets.
    call.open = false
    const succeeds = manner.outcome !== 'fails'
    if (!succeeds) this.#answered(verb, link, false, manner.error)
    else queueMicrotask(() => this.#answered(verb, link, true, manner.answer))
    if (!succeeds) throw manner.error
    return manner.answer
  }

  #destroy(link: Link, reason: CloseReason): unknown {
    const { loop, trace } = this.#world
    trace?.push(`destroy ${link}: ${reason}`)
    if (LAST.has(reason)) this.#proveInRing()
    else this.#hasty ||= loop.ringing
    checkDestroy(this.#world, link, reason)
    this.#earlyEnd(link, reason)
    link.ending = { ...loop.moment(), reason, done: false }
    link.work = null
    if (reason === 'shutdown') {
      this.#world.taken += link.holders
      if (this.#world.reacted) this.#world.takenUnseen = true
    }
    this.#world.meddle()
    const manner = mannerOf(this.#world, 'destroy')
    if (manner.afterMs < 0) {
      link.ending.done = true
      this.#world.noteDrained()
      if (manner.outcome === 'fails') throw manner.error
      return manner.answer
    }
    const call = this.#begin('destroy', link, null)
    this.#carryOut(call, manner)
    return call.promise
  }

  #begin(verb: Verb, link: Link, signal: AbortSignal | null): Call {
    const call = new Call(verb, link, signal, this.#world.now, (succeeded, answer) =>
      this.#answered(verb, link, succeeded, answer, call),
    )
    if (verb !== 'create' && verb !== 'destroy') link.work = call
    return call
  }

  #carryOut(call: Call, manner: Manner): void {
    const { loop } = this.#world
    const settle = () => {
      loop.touch()
      if (call.open) this.#settle(call, manner.outcome, manner)
    }
    if (manner.afterMs === Infinity) this.hanging.push(call)
    else if (manner.afterMs === 0) settle()
    else loop.after(manner.afterMs, settle)
    if (!manner.heeds) return
    call.signal?.addEventListener('abort', () => {
      this.#world.meddle()
      const stop = () => this.answer(call, false)
      if (manner.heedsAfterMs === 0) stop()
      else loop.after(manner.heedsAfterMs, stop)
    })
  }

  #settle(call: Call, outcome: Manner['outcome'], manner?: Manner): void {
    const { link, verb } = call
    this.#world.trace?.push(`${verb} of ${link}: ${outcome}`)
    if (outcome === 'fails') call.fail(manner?.error ?? new Mishap('ECONNRESET', 'nothing', false))
    else if (verb === 'create') call.succeed(outcome === 'ok' ? link : null)
    else call.succeed(manner?.answer)
  }

  /** The pool hears of an answer now. */
  #answered(verb: Verb, link: Link, succeeded: boolean, answer: unknown, call?: Call): void {
    const { loop, counts } = this.#world
    loop.touch()
    if (verb === 'create') {
      if (!succeeded || answer !== link) {
        this.#dialFailed(link, succeeded ? new Mishap('ENOTFOUND', 'nothing', false) : answer)
        return
      }
      link.dial = 'opened'
      link.givenUp = false
      link.bornMs = link.freeMs = loop.now()
      this.#world.stood = Math.max(this.#world.stood, this.#world.serving.length)
      this.#free(link)
      counts.opened++
      return
    }
    if (verb === 'destroy') {
      if (link.ending !== null) link.ending.done = true
      this.#world.noteDrained()
      return
    }
    if (call !== undefined && link.work !== call) {
      if (answer instanceof Mishap) this.#moot.add(answer)
      return
    }
    link.work = null
    if (!succeeded) link.blame = answer
    if (!succeeded && verb === 'reset') link.unclean = true
    if (verb === 'probe' && (!succeeded || answer === false)) link.failedProbe = true
    this.#free(link)
  }

  #free(link: Link): void {
    link.freeTurn = this.#world.loop.turn
    link.spellByMs = null
  }

  #dialFailed(link: Link, error: unknown): void {
    link.dial = 'failed'
    if (link.stopped === null) this.#world.failed(link, error)
    this.#world.noteDrained()
  }

  /** A dial that was stopped is a failed one if it took too long. One that died was told before. */
  #lateDial(link: Link): void {
    const { loop, settings } = this.#world
    const late = loop.now() >= link.begun.fromMs + settings.createTimeoutMs
    if (late && loop.ringing && !link.told) this.#world.failed(link, undefined)
  }

  /** An end that counts as a failed dial. */
  #earlyEnd(link: Link, reason: CloseReason): void {
    const { trouble, loop } = this.#world
    const failedProbe = link.failedProbe || link.work?.verb === 'probe'
    const byItself = reason === 'died' || reason === 'dirty' || (reason === 'probe' && failedProbe)
    if (!byItself || link.proven || loop.sinceMs - link.bornMs >= PROBATION_MS) return
    this.#world.failed(link, link.blame)
    if (loop.now() - link.bornMs >= PROBATION_MS) trouble.unsure = true
  }

  #hints(): Partial<Source<Link>> {
    const world = this.#world
    const complain = () => {
      if (world.throws()) throw new Error('a hint threw')
    }
    return {
      ref: (link) => {
        link.resting = false
        world.meddle()
        complain()
      },
      unref: (link) => {
        world.verdict.insist(!link.resting, 'process', `${link} is let off twice`)
        link.resting = true
        world.meddle()
        complain()
      },
      classify: (error) => {
        world.meddle()
        // What failed may not have counted any more by then.
        if (world.reacted) world.trouble.unsure = true
        if (!(error instanceof Mishap) || error.says === 'nothing') return undefined
        if (error.says === 'throws') throw new Error('classify threw')
        return error.says as 'backend' // Or nonsense.
      },
      isFatal: (error) => {
        const moot = error instanceof Mishap && this.#moot.has(error)
        world.verdict.insist(!moot, 'law 1', 'isFatal is asked about what had been stopped')
        world.meddle()
        complain()
        const fatal = error instanceof Mishap ? error.fatal : false
        if (fatal === true && !world.closing) world.generation++
        return fatal as boolean // Or nonsense.
      },
    }
  }
}
