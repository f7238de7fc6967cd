import type { EventEmitter } from 'node:events'
import type { Lease } from '../pool/lease.ts'
import { ACQUIRE_RULES, type AcquireOptions, insideOf, type Pool } from '../pool/pool.ts'
import type { Verb } from '../pool/rejections.ts'
import { checkArgument, checkArguments, type Rule } from '../pool/rules.ts'
import { isId } from './id.ts'
import { Claim, type Names } from './names.ts'

/** How to acquire a connection by its id. */
export type AcquireByIdOptions = Pick<AcquireOptions, 'signal' | 'timeoutMs'>

const { signal, timeoutMs } = ACQUIRE_RULES
const BY_ID_RULES = { signal, timeoutMs }
export const idRule: Rule = { check: isId, must: 'an id of 8 lower-case hexadecimal digits' }

/** Who asks: a pool, and how long it waits where nothing else is said. */
export interface Asker<S extends EventEmitter> {
  readonly pool: Pool<S>
  readonly names: Names<S>
  readonly acquireTimeoutMs: number
  /** What the caller called. */
  readonly verb: Verb
}

/**
 * Lends the connection of one id; where it is not there, or lent, waits for it. With `timeoutMs: 0` it
 * does not wait.
 * @throws as `acquire`, by rejecting.
 */
export function acquireById<S extends EventEmitter>(
  { pool, names, acquireTimeoutMs, verb }: Asker<S>,
  id: string,
  options: AcquireByIdOptions,
): Promise<Lease<S>> {
  try {
    checkArgument(pool, 'acquireById(): the first argument', id, idRule)
    checkArguments(pool, 'acquireById', options, BY_ID_RULES)
  } catch (error) {
    return Promise.reject(error)
  }
  const { signal, timeoutMs = acquireTimeoutMs } = options
  const inside = insideOf<S>(pool)
  const { machine, turns } = inside
  if (signal?.aborted) {
    machine.abortedBefore()
    return Promise.reject(signal.reason)
  }
  return new Promise((resolve, reject) => {
    const claim = new Claim<S>(id, names, timeoutMs, resolve, reject)
    if (signal !== undefined) claim.heed(signal, inside)
    names.claim(claim)
    const slot = names.find(id)
    inside.asked(claim, verb, () => machine.requestNamed(claim, slot, inside.now()))
    if (slot === null || !claim.expected) return
    // It idles, and may have died since the sockets were polled.
    turns.afterPoll(() => {
      machine.serveNamed(claim, slot, inside.now())
      turns.expectEnd()
    })
  })
}
