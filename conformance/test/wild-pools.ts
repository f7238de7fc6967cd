import type { Entrant } from '../src/contestant.ts'

/** Pools that do to their process what a verdict must survive, as soon as they are opened. */
export const roster: readonly Entrant[] = [
  wild('freezing', () => {
    for (;;);
  }),
  wild('crashing', () => {
    setImmediate(() => {
      throw new Error('planted')
    })
  }),
  wild('rejecting', () => void Promise.reject(new Error('planted'))),
  wild('leaving', () => process.exit(0)),
  wild('idling', () => {}),
]

function wild(name: string, act: () => void): Entrant {
  return {
    name,
    lacks: [],
    duty: '',
    open: () => {
      act()
      setTimeout(() => {}, 60_000)
      return new Promise(() => {})
    },
  }
}
