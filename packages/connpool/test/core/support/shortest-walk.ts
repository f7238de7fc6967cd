import { run, type Walk } from './walk.ts'

/** The failure with its shortest event list, for people. */
export function report(seed: number, walk: Walk): string {
  const shortest = shrink(walk)
  const lines: string[] = []
  const error = run(shortest, (line) => lines.push(line))
  return `seed ${seed}: ${error?.message}\n${JSON.stringify(shortest.options)}\n${lines.join('\n')}`
}

/** The shortest walk found that still fails, by leaving out steps and options. */
function shrink(walk: Walk): Walk {
  let best = walk
  const better = (candidate: Walk): boolean => {
    if (run(candidate) === null) return false
    best = candidate
    return true
  }
  for (let size = best.steps.length >> 1; size >= 1; ) {
    let shrunk = false
    for (let from = 0; from < best.steps.length; ) {
      const steps = best.steps.filter((_, index) => index < from || index >= from + size)
      if (better({ ...best, steps })) shrunk = true
      else from += size
    }
    if (!shrunk || size > 1) size >>= 1
  }
  for (const name of Object.keys(best.options)) {
    const options = Object.fromEntries(Object.entries(best.options).filter(([key]) => key !== name))
    better({ ...best, options })
  }
  best.steps.forEach((step, index) => {
    better({ ...best, steps: best.steps.with(index, { ...step, haste: 0 }) })
  })
  return best
}
