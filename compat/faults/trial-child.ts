import { inspect } from 'node:util'
import { netNamespace } from '@connpool/real-servers'
import { faultCalled } from './fault.ts'
import type { Findings } from './findings.ts'
import { play } from './play.ts'
import { serverCalled } from './programme.ts'

// The process of one trial: `trial-child.ts SERVER FAULT LASTS_MS`. Tells what was found, or why nothing was, and then has to
// end by itself.

export type Told = { readonly findings: Findings } | { readonly failure: string }

const [server = '', faultName = '', lastsMs = ''] = process.argv.slice(2)
const fault = faultCalled(faultName)
if (fault.apart === true) netNamespace.begin()

const orphaned = () => process.exit(1)
process.on('disconnect', orphaned)

async function tell(): Promise<Told> {
  const ends: (() => Promise<void>)[] = []
  try {
    const findings = await serverCalled(server).play(
      { after: (end) => ends.push(end) },
      (backend) => play(backend, fault, Number(lastsMs)),
    )
    return { findings }
  } catch (error) {
    return { failure: inspect(error) }
  } finally {
    for (const end of ends.reverse()) await end()
  }
}

const news = await tell()
process.send?.(news)
// Heard, it holds the process.
process.off('disconnect', orphaned)
