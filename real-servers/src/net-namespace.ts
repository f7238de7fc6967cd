import { execFileSync, spawnSync } from 'node:child_process'
import { delimiter } from 'node:path'
import { requireProgram, skipWithout } from './missing.ts'

const TOOLS = ['unshare', 'ip', 'nft']
/** As root, or as root of a user namespace of one's own. */
const WAYS = [['--net'], ['--net', '--map-root-user']]
/** What is done inside one, to see whether it may be done. */
const REHEARSAL = `ip link set lo up && nft list tables &&
  cat /proc/sys/net/ipv4/ip_local_port_range > /proc/sys/net/ipv4/ip_local_port_range`

const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
/** Tools for the network are not on everybody's PATH. */
const env = { ...inherited, PATH: [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter) }
/** Found when it is first asked for: most who import this never ask. */
let found: readonly string[] | undefined

/** How a command is run in a network namespace of its own. */
export interface Seclusion {
  readonly command: string
  readonly words: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** A network of one's own, where packets can be made to vanish without harm to the machine. */
export const netNamespace = {
  /** For the `skip` of a test: the reason why there can be none here, or false. */
  get skip(): string | false {
    return lack()
  },

  /** The command, inside a namespace whose loopback is down at first. @throws Error where `unshare` is not installed. */
  seclude(...words: readonly string[]): Seclusion {
    return { command: requireProgram('unshare'), words: [...(way() ?? []), ...words], env }
  },

  /** Inside: from now on the loopback can be used. */
  begin(): void {
    execFileSync('ip', ['link', 'set', 'lo', 'up'])
  },

  /**
   * Inside: lets every packet from and to a port vanish. New dials and established connections get no answer and no
   * refusal. Answers what ends it.
   */
  swallow(port: number): () => void {
    const rules = `table inet hole {
      chain incoming {
        type filter hook input priority 0
        tcp dport ${port} drop
        tcp sport ${port} drop
      }
    }`
    nft(rules)
    return () => nft('delete table inet hole')
  },
} as const

/** Of where nothing may be missing a tool is not the reason, and the test fails; that it is forbidden always is. */
function lack(): string | false {
  if (process.platform !== 'linux') return 'needs Linux'
  for (const tool of TOOLS) {
    const reason = skipWithout(tool)
    if (reason !== false) return reason
  }
  return hasTools() && way() === undefined && 'a network namespace is not allowed here'
}

function hasTools(): boolean {
  try {
    return TOOLS.every(requireProgram)
  } catch {
    return false
  }
}

function way(): readonly string[] | undefined {
  found ??= WAYS.find(isAllowed)
  return found
}

function isAllowed(way: readonly string[]): boolean {
  return spawnSync('unshare', [...way, 'sh', '-c', REHEARSAL], { env }).status === 0
}

function nft(commands: string): void {
  execFileSync('nft', ['-f', '-'], { input: commands })
}
