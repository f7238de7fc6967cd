import type { Mutant } from './mutations.ts'
import { argued, type Survivor } from './survivors.ts'
import type { Finding } from './trial.ts'

type Part = 'core' | 'pool'

/** Of all faults so many have to be found, in percent. */
const ENOUGH: Record<Part, number> = { core: 95, pool: 85 }

/** What became of the faults in a part. */
export class Score {
  readonly #part: Part
  readonly #survivors: Mutant[] = []
  tried = 0

  constructor(part: Part) {
    this.#part = part
  }

  note(mutant: Mutant, finding: Finding | null): void {
    this.tried++
    if (finding === null) this.#survivors.push(mutant)
  }

  /** Prints it. Answers whether all is well; `isWhole` when all faults of the part were tried. */
  report(isWhole: boolean): boolean {
    const part = this.#part
    const entries = argued.filter(({ file }) => file.startsWith(`${part}/`))
    const unargued = this.#survivors.filter((mutant) => !entries.some((e) => speaksOf(e, mutant)))
    const stale = entries.filter((entry) => !this.#survivors.some((m) => speaksOf(entry, m)))
    const found = this.tried - this.#survivors.length
    const percent = (100 * found) / Math.max(1, this.tried)
    for (const mutant of unargued) {
      console.log(`\nnobody finds, and nobody argues for:\n${show(mutant)}`)
    }
    if (isWhole) {
      for (const { file, where, from, to } of stale) {
        console.log(
          `\nis found, or is not there any more:\n${file} ${where}\n  - ${from}\n  + ${to}`,
        )
      }
    }
    console.log(
      `\n${part}: ${this.tried} faults, ${found} found (${percent.toFixed(1)} %), ` +
        `${this.#survivors.length - unargued.length} argued for, ${unargued.length} not`,
    )
    const enough = !isWhole || (stale.length === 0 && percent >= ENOUGH[part])
    return unargued.length === 0 && enough
  }
}

/** Whether the entry argues for this fault. */
export function speaksOf(entry: Survivor, { file, where, from, to, nth }: Mutant): boolean {
  const code = oneLine(from)
  const isIt = typeof entry.from === 'string' ? entry.from === code : entry.from.test(code)
  return (
    entry.file === file &&
    (entry.where ?? where) === where &&
    isIt &&
    (entry.to === undefined || entry.to === oneLine(to)) &&
    (entry.nth ?? nth) === nth
  )
}

export function show({ file, where, from, to, nth }: Mutant): string {
  const which = nth === 1 ? '' : ` (${nth})`
  return `${file} ${where}${which}\n  - ${oneLine(from)}\n  + ${oneLine(to)}`
}

function oneLine(code: string): string {
  return code.replaceAll(/\s+/g, ' ')
}
