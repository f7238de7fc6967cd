#!/usr/bin/env node
import { runCommand } from './command.ts'

const stop = new AbortController()
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => stop.abort(name))
}
// Whoever reads us may leave early (| head); that is no error of ours.
process.stdout.on('error', () => {})

process.exitCode = await runCommand(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  signal: stop.signal,
})
