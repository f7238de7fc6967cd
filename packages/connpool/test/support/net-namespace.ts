import { spawn, spawnSync } from 'node:child_process'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'
import { requireProgram, skipWithout } from '@connpool/real-servers'

/** Scenes by name. Each does something in a namespace of its own, and answers what it found. */
export type Scenes = Readonly<Record<string, () => Promise<unknown>>>

/** What a scene's process tells. */
export type Report = { readonly answer: unknown } | { readonly failure: string }

const TOOLS = ['unshare', 'ip', 'nft']
const CHILD = fileURLToPath(new URL('./net-namespace-child.ts', import.meta.url))
/** As root, or as root of a user namespace of one's own. */
const WAYS = [['--net'], ['--net', '--map-root-user']]
/** What scenes do, to see whether they may. */
const REHEARSAL = `ip link set lo up && nft list tables &&
  cat /proc/sys/net/ipv4/ip_local_port_range > /proc/sys/net/ipv4/ip_local_port_range`

const { NODE_TEST_CONTEXT: _, ...inherited } = process.env
/** Tools for the network are not on everybody's PATH. */
const env = { ...inherited, PATH: [process.env.PATH, '/usr/sbin', '/sbin'].join(delimiter) }
const way = process.platform === 'linux' ? WAYS.find(isAllowed) : undefined

/** For the `skip` of a test that plays a scene: the reason why it cannot be played, or false. */
export const skipScenes: string | false = lack()

/** Of where nothing may be missing a tool is not the reason, and the test fails; that it is forbidden always is. */
function lack(): string | false {
  if (process.platform !== 'linux') return 'needs Linux'
  for (const tool of TOOLS) {
    const reason = skipWithout(tool)
    if (reason !== false) return reason
  }
  return hasTools() && way === undefined && 'a network namespace is not allowed here'
}

function hasTools(): boolean {
  try {
    return TOOLS.every(requireProgram)
  } catch {
    return false
  }
}

function isAllowed(way: readonly string[]): boolean {
  return spawnSync('unshare', [...way, 'sh', '-c', REHEARSAL], { env }).status === 0
}

/**
 * Plays scenes of a module, which exports them as `scenes`: each in a process of its own, inside a
 * network namespace of its own, so that nothing it does to the network touches the machine.
 */
export function scenery<S extends Scenes>(
  module: URL,
): <K extends keyof S & string>(scene: K) => Promise<Awaited<ReturnType<S[K]>>> {
  return (scene) =>
    new Promise((resolve, reject) => {
      const node = [process.execPath, '--import', import.meta.resolve('tsx')]
      const words = [...(way ?? []), ...node, CHILD, module.href, scene]
      const child = spawn(requireProgram('unshare'), words, {
        env,
        stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      })
      let report: Report = { failure: 'the scene ended without an answer' }
      child.on('message', (told: Report) => {
        report = told
      })
      child.on('error', reject)
      child.on('close', () => {
        if ('failure' in report) reject(new Error(`${scene}: ${report.failure}`))
        // The child ran this scene of this module.
        else resolve(report.answer as Awaited<ReturnType<S[typeof scene]>>)
      })
    })
}
