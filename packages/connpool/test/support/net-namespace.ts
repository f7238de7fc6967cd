import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { netNamespace } from '@connpool/real-servers'

/** Scenes by name. Each does something in a namespace of its own, and answers what it found. */
export type Scenes = Readonly<Record<string, () => Promise<unknown>>>

/** What a scene's process tells. */
export type Report = { readonly answer: unknown } | { readonly failure: string }

const CHILD = fileURLToPath(new URL('./net-namespace-child.ts', import.meta.url))

/**
 * Plays scenes of a module, which exports them as `scenes`: each in a process of its own, inside a
 * network namespace of its own, so that nothing it does to the network touches the machine. For a test that is skipped
 * with `netNamespace.skip`.
 */
export function scenery<S extends Scenes>(
  module: URL,
): <K extends keyof S & string>(scene: K) => Promise<Awaited<ReturnType<S[K]>>> {
  return (scene) =>
    new Promise((resolve, reject) => {
      const node = [process.execPath, '--import', import.meta.resolve('tsx')]
      const { command, words, env } = netNamespace.seclude(...node, CHILD, module.href, scene)
      const child = spawn(command, words, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
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
