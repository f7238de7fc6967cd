import { BlockList, isIP } from 'node:net'
import { invalidOption, type Owner, type Rule, show } from '../pool/rules.ts'

/** Which peers may connect. */
export type AllowList = (address: string | undefined) => boolean

export const allowRule: Rule = {
  check: Array.isArray,
  must: "a list of IP addresses and networks, such as ['192.0.2.7', '10.0.0.0/8', 'fd00::/8']",
}

const MAPPED = /^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i
const BITS = { 4: 32, 6: 128 } as const

/** An address as it is compared and counted: an IPv4 one that comes mapped into IPv6 as itself, and without a zone. */
export function plainAddress(address: string): string {
  return address.replace(/%.*$/, '').replace(MAPPED, '')
}

/**
 * Reads the option `allow`. Where it is not given everybody may connect; an empty list allows nobody.
 * Peers without an address, of a Unix domain socket, are kept out by the permissions of its file alone.
 * @throws InvalidOptionError
 */
export function readAllow(owner: Owner, given: readonly string[] | undefined): AllowList {
  if (given === undefined) return () => true
  const list = new BlockList()
  for (const entry of given as readonly unknown[]) add(owner, list, entry)
  return (address) => {
    if (address === undefined) return true
    const plain = plainAddress(address)
    return list.check(plain, isIP(plain) === 6 ? 'ipv6' : 'ipv4')
  }
}

function add(owner: Owner, list: BlockList, entry: unknown): void {
  const [network = '', prefix, ...rest] = typeof entry === 'string' ? entry.split('/') : []
  const address = plainAddress(network)
  const version = network.includes('%') ? 0 : isIP(address)
  const refuse = (must: string) =>
    invalidOption(owner, `option "allow" holds ${show(entry)}; ${must}`)
  if ((version !== 4 && version !== 6) || rest.length > 0) {
    throw refuse('each entry must be an IP address, or a network such as 10.0.0.0/8')
  }
  const family = version === 6 ? 'ipv6' : 'ipv4'
  if (prefix === undefined) return list.addAddress(address, family)
  // A mapped network is counted from the front of the IPv6 address that it is written as.
  const mapped = address === network ? 0 : BITS[6] - BITS[4]
  const bits = /^\d{1,3}$/.test(prefix) ? Number(prefix) - mapped : -1
  if (bits < 0 || bits > BITS[version]) {
    throw refuse(
      `the part after / must be a whole number from ${mapped} to ${BITS[version] + mapped}`,
    )
  }
  list.addSubnet(address, bits, family)
}
