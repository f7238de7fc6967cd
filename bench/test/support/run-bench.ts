import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { fileURLToPath } from 'node:url'

const tsx = import.meta.resolve('tsx')

export interface Result {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs one of the commands of this workspace from its source, as if it were typed in `folder`. */
export function runBenchIn(folder: string, command: string, ...args: string[]): Promise<Result> {
  const file = fileURLToPath(new URL(`../../src/${command}.ts`, import.meta.url))
  const env = { ...process.env, INIT_CWD: folder }
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', tsx, file, ...args], { env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
    )
  })
}

export function runBench(command: string, ...args: string[]): Promise<Result> {
  return runBenchIn(tmpdir(), command, ...args)
}
