import { inspect } from 'node:util'
import { netNamespace } from '@connpool/real-servers'
import type { Report, Scenes } from './net-namespace.ts'

// Plays one scene in the network namespace in which it was started, and tells what came of it.
// Arguments: the module and the scene.

process.on('disconnect', () => process.exit())
netNamespace.begin()

const [module = '', name = ''] = process.argv.slice(2)
const { scenes }: { scenes: Scenes } = await import(module)

async function play(): Promise<Report> {
  try {
    return { answer: await scenes[name]?.() }
  } catch (error) {
    return { failure: inspect(error) }
  }
}

const report = await play()
process.send?.(report, () => process.exit())
