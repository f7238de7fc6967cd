import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one of the commands of this workspace as it was built, and as if it were typed in `folder`. */
export function runBenchIn(folder: string, command: string, ...args: string[]): Promise<Result> {
  const file = fileURLToPath(new URL(`../../dist/src/${command}.js`, import.meta.url))
  const env = { ...process.env, INIT_CWD: folder }
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

export function runBench(command: string, ...args: string[]): Promise<Result> {
  return runBenchIn(tmpdir(), command, ...args)
}
