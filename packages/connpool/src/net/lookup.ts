import { type LookupAddress, lookup as systemLookup } from 'node:dns'
import { open } from 'node:fs/promises'
import { isIP, SocketAddress } from 'node:net'
import { devNull } from 'node:os'
import { codeOf } from '../pool/failure.ts'
import { isThenable } from '../pool/thenable.ts'

/** An address that a name resolved to. */
export interface ResolvedAddress {
  /** IP address. */
  readonly address: string
  /** IP version, 4 or 6; read off the address where it is absent. */
  readonly family?: number | undefined
  /** For how long it holds, in s. Where it is absent, 30 s are assumed. */
  readonly ttl?: number | undefined
}

/** What a lookup answers: one address or several, as texts or with what else is known of them. */
export type LookupAnswer = string | ResolvedAddress | readonly (string | ResolvedAddress)[]

/** What a lookup is asked for. */
export interface LookupQuery {
  /** IP version that is wanted: 4, 6, or 0 for either. */
  readonly family: 0 | 4 | 6
  /** Every address is wanted. */
  readonly all: true
}

/**
 * Resolves a host name. Any function of the shape that Node's sockets take will do, such as
 * `dns.lookup`, and any that answers with the addresses, or a promise of them, instead of calling back.
 */
export type Lookup = (
  hostname: string,
  query: LookupQuery,
  callback: (error: Error | null, answer: string | LookupAddress[], family?: number) => void,
) => unknown

/** What came of a lookup. */
export interface Resolution {
  /** At least one, each once, in the resolver's order. */
  readonly addresses: readonly string[]
  /** For how long the answer holds, in ms, as far as its resolver said. */
  readonly ttlMs: number | undefined
}

/**
 * Asks a resolver, the system's unless another is given.
 * @throws what the resolver says, or an error with code `ENOTFOUND` when it knows of no address; by
 * rejecting.
 */
export async function lookUp(
  hostname: string,
  family: 0 | 4 | 6,
  lookup: Lookup = systemLookup,
): Promise<Resolution> {
  const query: LookupQuery = { family, all: true }
  const asked = ask(hostname, query, lookup)
  const answer = await (lookup === systemLookup ? asked.catch(rethrowOwnTrouble) : asked)
  const entries = entriesOf(answer)
  const strange = entries.find(({ address }) => isIP(address) === 0)
  if (strange !== undefined) {
    const found = `no IP address: ${JSON.stringify(strange.address)}`
    throw lookupError(
      'ERR_INVALID_IP_ADDRESS',
      hostname,
      `the lookup of ${hostname} answered ${found}`,
    )
  }
  const wanted = entries.filter(({ address }) => family === 0 || isIP(address) === family)
  if (wanted.length === 0) {
    const kind = family === 0 ? 'address' : `IPv${family} address`
    throw lookupError('ENOTFOUND', hostname, `${hostname} resolves to no ${kind}`)
  }
  const ttls = wanted.flatMap(({ ttl }) => (typeof ttl === 'number' && ttl >= 0 ? [ttl] : []))
  return {
    addresses: [...new Set(wanted.map(({ address }) => spelled(address)))],
    ttlMs: ttls.length === 0 ? undefined : Math.min(...ttls) * 1_000,
  }
}

/** By callback, by promise or at once, whichever comes. */
function ask(hostname: string, query: LookupQuery, lookup: Lookup): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const answered = lookup(hostname, query, (error, answer) => {
      if (error) reject(error)
      else resolve(answer)
    })
    if (isThenable(answered)) answered.then(resolve, reject)
    else if (isAnswer(answered)) resolve(answered)
  })
}

/** Anything else that is returned is nobody's answer: dns.lookup returns what it waits for. */
function isAnswer(returned: unknown): boolean {
  if (typeof returned === 'string' || Array.isArray(returned)) return true
  if (typeof returned !== 'object' || returned === null || !('address' in returned)) return false
  return typeof returned.address === 'string'
}

/** Without a file descriptor left the system resolves nothing, and says that there is no such name. */
async function rethrowOwnTrouble(error: unknown): Promise<never> {
  if (codeOf(error) === 'ENOTFOUND') await (await open(devNull)).close()
  throw error
}

function entriesOf(answer: unknown): ResolvedAddress[] {
  const answers: unknown[] = Array.isArray(answer) ? answer : [answer]
  return answers.map((entry) => {
    if (typeof entry !== 'object' || entry === null) return { address: String(entry) }
    const { address, ttl }: Partial<Record<keyof ResolvedAddress, unknown>> = entry
    return { address: String(address), ...(typeof ttl === 'number' && { ttl }) }
  })
}

/** An IPv6 address can be spelled in many ways; in another one it would seem to be another one. */
function spelled(address: string): string {
  if (isIP(address) !== 6 || address.includes('%')) return address
  return new SocketAddress({ address, family: 'ipv6' }).address
}

function lookupError(code: string, hostname: string, message: string): Error {
  return Object.assign(new Error(message), { code, hostname, syscall: 'lookup' })
}
