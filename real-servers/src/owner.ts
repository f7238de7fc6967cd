import { readFileSync } from 'node:fs'
import { requireProgram } from './missing.ts'

/** Whom a server's process belongs to. */
export interface Owner {
  readonly uid: number
  readonly gid: number
}

/** How to run a program that refuses to be root's: as somebody else, or by a command that makes it believe so. */
export interface Disguise {
  /** Default: whoever we are. */
  readonly owner?: Owner
  /** Comes before its command. */
  readonly prefix: readonly string[]
}

/** As ourselves if we are not root; else as `account`, or as nobody where there is no such account. */
export function notAsRoot(account: string): Disguise {
  if (process.getuid?.() !== 0) return { prefix: [] }
  const owner = ownerCalled(account) ?? ownerCalled('nobody')
  if (owner !== undefined && exists(owner.uid)) return { owner, prefix: [] }
  // Root of a user namespace that knows nobody else: one more inside it calls the same user by another number.
  const numbers = ['--map-user=1000', '--map-group=1000']
  return { prefix: [requireProgram('unshare'), '--user', ...numbers] }
}

function ownerCalled(account: string): Owner | undefined {
  const line = linesOf('/etc/passwd').find((each) => each.startsWith(`${account}:`))
  if (line === undefined) return undefined
  const [, , uid, gid] = line.split(':')
  return { uid: Number(uid), gid: Number(gid) }
}

/** Whether this user namespace has a user of that number. Where there are no namespaces it has. */
function exists(uid: number): boolean {
  const ranges = linesOf('/proc/self/uid_map').filter((line) => line.trim() !== '')
  if (ranges.length === 0) return true
  return ranges.some((range) => {
    const [first = 0, , count = 0] = range.trim().split(/\s+/).map(Number)
    return uid >= first && uid < first + count
  })
}

function linesOf(file: string): string[] {
  try {
    return readFileSync(file, 'utf8').split('\n')
  } catch {
    return []
  }
}
