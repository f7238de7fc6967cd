/** Tells the user what is going on while the experiment runs. */
export interface Progress {
  /** The next step has begun and takes so many milliseconds. */
  step(mode: string, what: string, ms: number): void
  /** Nothing further comes; may be called more than once. */
  end(): void
}

/** Where progress is written to: standard error, or a test. */
export interface ProgressOutput {
  readonly isTTY?: boolean
  readonly columns?: number
  write(text: string): unknown
}

const EVERY_MS = 200
const WIDTH = 30
// What stands beside the bar.
const TEXT_WIDTH = 42

/** A bar on a terminal, plain lines elsewhere; no colours when NO_COLOR is set. */
export function createProgress(
  output: ProgressOutput,
  totalMs: number,
  env: Readonly<Record<string, string | undefined>>,
): Progress {
  if (output.isTTY !== true || env.TERM === 'dumb') return plainLines(output)
  const coloured = env.NO_COLOR === undefined || env.NO_COLOR === ''
  return bar(output, totalMs, coloured)
}

function plainLines(output: ProgressOutput): Progress {
  return {
    step: (mode, what, ms) => {
      output.write(`${mode}: ${what}, ${(ms / 1000).toFixed(1)} s\n`)
    },
    end: () => {},
  }
}

function bar(output: ProgressOutput, totalMs: number, coloured: boolean): Progress {
  let past = 0
  let current = { label: '', ms: 0, since: performance.now() }
  let timer: NodeJS.Timeout | null = null

  const draw = (): void => {
    const spent = past + Math.min(current.ms, performance.now() - current.since)
    const width = Math.max(0, Math.min(WIDTH, (output.columns ?? 80) - TEXT_WIDTH))
    const line = barLine(spent, totalMs, current.label, coloured, width)
    output.write(`\r${line}\x1b[K`)
  }
  return {
    step: (mode, what, ms) => {
      past += current.ms
      current = { label: `${mode}: ${what}`, ms, since: performance.now() }
      draw()
      // It must hold no process: the run itself does.
      timer ??= setInterval(draw, EVERY_MS).unref()
    },
    end: () => {
      if (timer === null) return
      clearInterval(timer)
      timer = null
      output.write('\r\x1b[K')
    },
  }
}

/** One state of the bar. */
export function barLine(
  spentMs: number,
  totalMs: number,
  label: string,
  coloured: boolean,
  width: number,
): string {
  const share = Math.min(1, spentMs / totalMs)
  const full = Math.round(share * width)
  const done = '█'.repeat(full)
  const rest = '░'.repeat(width - full)
  const drawn = coloured ? `\x1b[32m${done}\x1b[2m${rest}\x1b[0m` : done + rest
  const left = Math.ceil((totalMs - spentMs) / 1000)
  return `${drawn} ${Math.floor(share * 100)} %  ${label}, ${Math.max(0, left)} s left`
}
