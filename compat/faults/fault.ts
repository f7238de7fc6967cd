import { netNamespace } from '@connpool/real-servers'
import type { Backend } from './backend.ts'

export type FaultName = 'kill' | 'freeze' | 'restart' | 'refuse' | 'swallow'

/** Something that happens to a server, and is over after a while. */
export interface Fault {
  readonly name: FaultName
  /** For the table. `{s}` is how long it lasts. */
  readonly title: string
  /** How long, in ms: of the whole run, and of the short one among the tests. */
  readonly lastsMs: number
  readonly brieflyMs: number
  /** True: connections that stood when it began are dead once it has begun. */
  readonly cuts: boolean
  /** True: it is done to the network, and needs one of its own. */
  readonly apart?: true
  /** Resolves when it has begun, with what ends it. That resolves when the server serves again. */
  begin(backend: Backend<unknown>): Promise<() => Promise<void>>
}

export const faults: readonly Fault[] = [
  {
    name: 'kill',
    title: 'killed (SIGKILL), started again after {s}',
    lastsMs: 2_000,
    brieflyMs: 500,
    cuts: true,
    async begin(backend) {
      await backend.kill()
      return () => backend.start()
    },
  },
  {
    name: 'freeze',
    title: 'stopped (SIGSTOP) for {s}',
    lastsMs: 5_000,
    brieflyMs: 1_000,
    cuts: false,
    async begin(backend) {
      await backend.freeze()
      return () => backend.thaw()
    },
  },
  {
    name: 'restart',
    title: 'ended in good order, started again at once',
    lastsMs: 0,
    brieflyMs: 0,
    cuts: true,
    async begin(backend) {
      await backend.quit()
      return () => backend.start()
    },
  },
  {
    name: 'refuse',
    title: 'full for {s}, with none of our connections left',
    lastsMs: 2_000,
    brieflyMs: 500,
    cuts: true,
    async begin(backend) {
      await backend.refuse()
      return () => backend.admit()
    },
  },
  {
    name: 'swallow',
    title: 'every packet from and to it dropped for {s}',
    lastsMs: 3_000,
    brieflyMs: 500,
    cuts: false,
    apart: true,
    async begin(backend) {
      const lift = netNamespace.swallow(backend.port)
      return async () => lift()
    },
  },
]

/** @throws RangeError where there is none of that name. */
export function faultCalled(name: string): Fault {
  const found = faults.find((fault) => fault.name === name)
  if (found === undefined) throw new RangeError(`no fault is called '${name}'`)
  return found
}
