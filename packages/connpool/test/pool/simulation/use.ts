import { inspect } from 'node:util'
import type { UseOptions } from '../../../src/pool/pool.ts'
import { type Borrowers, optionsOf, type Wish } from './borrowers.ts'
import { type Mishap, mishap } from './mishap.ts'
import { codeOf } from './refusals.ts'
import type { Loan, World } from './world.ts'

/** Uses a connection for a while; then the function returns or throws, or has ended its lease before. */
export function use(world: World, borrowers: Borrowers, wish: Wish): void {
  const { chance, pool, trace, verdict, loop } = world
  const ask = borrowers.ask('lease', wish)
  const failure = mishap(chance, 'backend')
  const keeps = chance.oneOf<unknown>(undefined, true, false, 'yes', new Error('keep threw'))
  trace?.push(`a${ask.serial}: use(${inspect(wish)})`)
  let loan: Loan | null = null
  const kept = () => {
    world.meddle()
    if (loan !== null && !loan.ended) borrowers.close(loan, keeps === true ? 'release' : 'destroy')
    if (keeps instanceof Error) throw keeps
    return keeps as boolean // Or nonsense.
  }
  const given: UseOptions = {
    ...optionsOf(wish, ask),
    ...(keeps !== undefined && { keep: kept }),
  }
  const used = pool.use((link, lease) => {
    verdict.equal(link, lease.connection, 'use', 'the connection')
    loan = borrowers.take(ask, lease)
    return work(world, borrowers, loan, failure, keeps !== undefined)
  }, given)
  const over = () => {
    loop.touch()
    if (loan === null) return
    verdict.insist(loan.ended && isOver(loan), 'use', `l${loan.serial} outlived its use`)
  }
  used.then(over, (error) => {
    over()
    if (loan === null) borrowers.refused(ask, error)
    else verdict.equal(error, failure, 'use', 'the error')
  })
}

/** What the function does that is used with; answers what it answers. */
function work(
  world: World,
  borrowers: Borrowers,
  loan: Loan,
  failure: Mishap,
  hasKeep: boolean,
): unknown {
  const { chance, loop } = world
  world.meddle()
  const over = (succeeds: boolean) => {
    loop.touch()
    if (loan.ended) return
    if (succeeds) borrowers.close(loan, 'release')
    else if (!hasKeep) borrowers.close(loan, 'destroy')
  }
  const how = chance.oneOf('later', 'later', 'at once', 'throws', 'ends it', 'soon')
  if (how === 'throws') {
    over(false)
    throw failure
  }
  if (how === 'ends it' && !loan.ended) borrowers.release(loan, undefined)
  if (how === 'at once' || how === 'ends it') {
    queueMicrotask(() => over(true))
    return undefined
  }
  let settle: [() => void, (error: unknown) => void] = [() => {}, () => {}]
  const promise = new Promise<void>((resolve, reject) => {
    settle = [resolve, reject]
  })
  promise.then(
    () => over(true),
    () => over(false),
  )
  let open = true
  const finish = (succeeds: boolean) => {
    loop.touch()
    if (!open) return
    open = false
    if (succeeds) settle[0]()
    else settle[1](failure)
  }
  loan.finish = finish
  const fails = chance.maybe(0.3)
  loop.after(how === 'soon' ? 0 : chance.oneOf(1, 10, 100, 1_000), () => finish(!fails))
  return promise
}

/** Whether the pool takes a lease for ended. */
function isOver({ lease }: Loan): boolean {
  return codeOf(() => lease.connection) === 'ERR_LEASE_RELEASED'
}
