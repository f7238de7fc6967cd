import { availableParallelism } from 'node:os'
import { parseArgs } from 'node:util'

/** What was typed behind the command. */
interface Order {
  readonly words: readonly string[]
  /** Processes. */
  readonly jobs: number
  readonly verbose: boolean
}

const MOST_JOBS = 64

/** Reads the command line; ends the process, with a sentence, where it makes no sense. */
export function order(args: readonly string[] = process.argv.slice(2)): Order {
  try {
    const { values, positionals: words } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        jobs: { type: 'string', default: String(availableParallelism()) },
        verbose: { type: 'boolean', default: false },
      },
    })
    const jobs = values.jobs.trim() === '' ? Number.NaN : Number(values.jobs)
    if (Number.isInteger(jobs) && jobs >= 1 && jobs <= MOST_JOBS) {
      return { words, jobs, verbose: values.verbose }
    }
    throw new Error(
      `--jobs is ${JSON.stringify(values.jobs)}; it must be a whole number from 1 to ${MOST_JOBS}`,
    )
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(2)
  }
}

/** Ends the process where the words chose nothing. */
export function insistOn(chosen: number, words: readonly string[]): void {
  if (chosen > 0) return
  console.error(`no fault is called ${words.join(', ')}`)
  process.exit(1)
}
